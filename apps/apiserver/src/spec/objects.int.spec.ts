import type { TestEtcd } from '@navarch/testing';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';
import { configMap, deployment, deployments, maps } from './plain-objects';
import { useTestApi } from './use-test-api';

interface Meta { name: string; namespace?: string; uid: string; resourceVersion: string; generation?: number; creationTimestamp: string; deletionTimestamp?: string; finalizers?: string[] }
interface Any {
  kind: string;
  apiVersion: string;
  metadata: Meta;
  items: Any[];
  code?: number;
  reason?: string;
  message?: string;
  status?: unknown;
  data?: Record<string, string>;
  spec: Record<string, unknown>;
  details?: Record<string, unknown>;
}

describe('objects', () => {
  let etcd: TestEtcd;
  let server: TestApiserver;
  let api: RestClient;

  useTestApi((running) => {
    ({ api, server, etcd } = running);
  });

  it('are created with what only the server sets, and read back', async () => {
    const created = await api.post<Any>(maps, configMap('first', { a: 'b' }));
    expect(created.code).toBe(201);
    expect(created.body).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'first', namespace: 'default' }, data: { a: 'b' } });
    expect(created.body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(created.body.metadata.creationTimestamp).toMatch(/Z$/);
    const read = await api.get<Any>(`${maps}/first`);
    expect(read.code).toBe(200);
    expect(read.body).toEqual(created.body);
  });

  it('of the same name are refused', async () => {
    await api.post(maps, configMap('twice'));
    const again = await api.post<Any>(maps, configMap('twice'));
    expect(again.code).toBe(409);
    expect(again.body).toMatchObject({ kind: 'Status', reason: 'AlreadyExists', message: 'configmaps "twice" already exists', details: { name: 'twice', kind: 'configmaps' } });
  });

  it('get names from generateName', async () => {
    const created = await api.post<Any>(maps, { metadata: { generateName: 'gen-' } });
    expect(created.body.metadata.name).toMatch(/^gen-[a-z0-9]{5}$/);
  });

  it('that do not exist are not found', async () => {
    const missing = await api.get<Any>(`${maps}/none`);
    expect(missing).toMatchObject({ code: 404, body: { reason: 'NotFound', message: 'configmaps "none" not found' } });
    expect((await api.put<Any>(`${maps}/none`, configMap('none'))).code).toBe(404);
    expect((await api.delete<Any>(`${maps}/none`)).code).toBe(404);
  });

  it('are replaced only at the version the client has seen', async () => {
    const { body } = await api.post<Any>(maps, configMap('versions', { n: '1' }));
    const replaced = await api.put<Any>(`${maps}/versions`, { ...body, data: { n: '2' } });
    expect(replaced.code).toBe(200);
    expect(Number(replaced.body.metadata.resourceVersion)).toBeGreaterThan(Number(body.metadata.resourceVersion));
    const stale = await api.put<Any>(`${maps}/versions`, { ...body, data: { n: '3' } });
    expect(stale).toMatchObject({
      code: 409,
      body: { reason: 'Conflict', message: 'Operation cannot be fulfilled on configmaps "versions": the object has been modified; please apply your changes to the latest version and try again' },
    });
  });

  it('are not written when nothing changes', async () => {
    const { body } = await api.post<Any>(maps, configMap('same', { n: '1' }));
    const again = await api.put<Any>(`${maps}/same`, body);
    expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
    const patched = await api.patch<Any>(`${maps}/same`, 'merge', { data: { n: '1' } });
    expect(patched.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
  });

  it('are only tried with dryRun', async () => {
    expect((await api.post<Any>(`${maps}?dryRun=All`, configMap('dry'))).code).toBe(201);
    expect((await api.get<Any>(`${maps}/dry`)).code).toBe(404);
  });

  it('count generations by their spec, not by their status', async () => {
    const { body } = await api.post<Any>(deployments, deployment('generations'));
    expect(body.metadata.generation).toBe(1);
    const scaled = await api.patch<Any>(`${deployments}/generations`, 'merge', { spec: { replicas: 3 } });
    expect(scaled.body.metadata.generation).toBe(2);
    const status = await api.patch<Any>(`${deployments}/generations/status`, 'merge', { spec: { replicas: 9 }, status: { replicas: 3 } });
    expect(status.body).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 3 }, status: { replicas: 3 } });
  });

  it('wait for their finalizers', async () => {
    await api.post(maps, { metadata: { name: 'kept', finalizers: ['example.com/keep'] } });
    const deleted = await api.delete<Any>(`${maps}/kept`);
    expect(deleted.body.metadata.deletionTimestamp).toBeDefined();
    const freed = await api.patch<Any>(`${maps}/kept`, 'json', [{ op: 'remove', path: '/metadata/finalizers' }]);
    expect(freed.code).toBe(200);
    expect((await api.get<Any>(`${maps}/kept`)).code).toBe(404);
  });

  it('are deleted with a Status that says what was', async () => {
    const { body } = await api.post<Any>(maps, configMap('gone'));
    const deleted = await api.delete<Any>(`${maps}/gone`, { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: body.metadata.uid } });
    expect(deleted).toMatchObject({ code: 200, body: { kind: 'Status', status: 'Success', details: { name: 'gone', kind: 'configmaps', uid: body.metadata.uid } } });
  });

  it('that wait for their dependents are answered with a 202 for the older option alone', async () => {
    for (const [options, code] of [[{ propagationPolicy: 'Foreground' }, 200], [{ orphanDependents: false }, 202]] as const) {
      await api.post(maps, { metadata: { name: 'waiting', finalizers: ['example.com/keep'] } });
      expect((await api.delete(`${maps}/waiting`, options)).code).toBe(code);
      await api.patch(`${maps}/waiting`, 'merge', { metadata: { finalizers: null } });
    }
  });

  it('are not deleted when a precondition does not hold', async () => {
    await api.post(maps, configMap('guarded'));
    const refused = await api.delete<Any>(`${maps}/guarded`, { preconditions: { uid: 'other' } });
    expect(refused).toMatchObject({ code: 409, body: { reason: 'Conflict' } });
  });

  it('of one kind go together, as far as a selector selects them', async () => {
    for (const name of ['bulk-1', 'bulk-2', 'bulk-3']) await api.post(maps, { metadata: { name, labels: { bulk: name === 'bulk-3' ? 'no' : 'yes' } } });
    const deleted = await api.delete<Any>(`${maps}?labelSelector=bulk%3Dyes`);
    expect(deleted.body.items.map(({ metadata }) => metadata.name)).toEqual(['bulk-1', 'bulk-2']);
    expect((await api.get<Any>(`${maps}?labelSelector=bulk`)).body.items.map(({ metadata }) => metadata.name)).toEqual(['bulk-3']);
  });

  describe('many writers', () => {
    it('of one key all come through by patches, each exactly once', async () => {
      await api.post(maps, configMap('contended'));
      await Promise.all(Array.from({ length: 40 }, (_, i) => api.patch(`${maps}/contended`, 'merge', { data: { [`k${i}`]: 'x' } })));
      expect(Object.keys((await api.get<Any>(`${maps}/contended`)).body.data ?? {})).toHaveLength(40);
    });

    it('through two servers lose no write either', async () => {
      const other = await startTestApiserver({ etcd: etcd.endpoint, pki: server.pki, flags: ['--advertise-address=192.0.2.2'] });
      const second = await RestClient.of(other);
      try {
        await api.post(maps, configMap('shared'));
        await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? api : second).patch(`${maps}/shared`, 'merge', { data: { [`k${i}`]: 'x' } })));
        expect(Object.keys((await second.get<Any>(`${maps}/shared`)).body.data ?? {})).toHaveLength(20);
      } finally {
        second.close();
        await other.stop();
      }
    }, 30_000);
  });

  describe('two versions of one object', () => {
    it('are two names for the same Event', async () => {
      await api.post('/apis/events.k8s.io/v1/namespaces/default/events', {
        metadata: { name: 'e1' }, eventTime: '2026-01-01T00:00:00.000000Z', reportingController: 'test', reportingInstance: 'test-1', action: 'Testing', reason: 'Tested', type: 'Normal', note: 'hello',
        regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
      });
      const core = await api.get<{ message: string; involvedObject: { name: string } }>('/api/v1/namespaces/default/events/e1');
      expect(core.body).toMatchObject({ apiVersion: 'v1', message: 'hello', involvedObject: { name: 'p' } });
      expect((await api.get<Any>('/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dp')).body.items).toHaveLength(1);
    });
  });
});
