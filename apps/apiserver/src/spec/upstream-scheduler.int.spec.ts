import { RestClient, type TestApiserver } from '../testing';
import { useTestApi } from './use-test-api';

interface Any {
  kind: string;
  metadata: { name: string; uid: string; resourceVersion: string; creationTimestamp?: string };
  spec: Record<string, unknown>;
  status: { conditions?: { type: string; status: string; reason?: string }[]; nominatedNodeName?: string };
  [field: string]: unknown;
}

/** What client-go asks for when it is told to speak protobuf: it takes JSON too, which is what it gets here. */
const either = { Accept: 'application/vnd.kubernetes.protobuf, */*' };
const protobuf = { Accept: 'application/vnd.kubernetes.protobuf' };
const pods = '/api/v1/namespaces/default/pods';
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const events = '/apis/events.k8s.io/v1/namespaces/default/events';
const microTime = '2026-01-02T03:04:05.678901Z';

/** The requests that upstream's kube-scheduler makes, as a tap of a real one (1.20, by flags as 1.36) showed them, under its own identity: a double where it cannot be had. */
describe('upstream\'s kube-scheduler', () => {
  let server: TestApiserver;
  let admin: RestClient;
  let scheduler: RestClient;

  afterAll(() => {
    scheduler.close();
  });
  useTestApi(async (running) => {
    ({ api: admin, server } = running);
    scheduler = await RestClient.as(server, server.pki.files.component('scheduler'));
    await admin.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    await admin.post('/api/v1/nodes', { metadata: { name: 'node-1' } });
    for (const name of ['fits', 'waits', 'victim']) await admin.post(pods, { metadata: { name }, spec: { containers: [{ name: 'c', image: 'x' }] } });
  });

  it('learns whom to trust', async () => {
    expect((await scheduler.get<Any>('/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication')).body['data']).toHaveProperty('client-ca-file');
  });

  it.each([
    '/api/v1/pods?fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed', '/api/v1/nodes', '/api/v1/services', '/api/v1/persistentvolumes', '/api/v1/persistentvolumeclaims', '/api/v1/replicationcontrollers', '/api/v1/namespaces',
    '/apis/apps/v1/replicasets', '/apis/apps/v1/statefulsets', '/apis/policy/v1/poddisruptionbudgets', '/apis/storage.k8s.io/v1/storageclasses', '/apis/storage.k8s.io/v1/csinodes', '/apis/storage.k8s.io/v1/csidrivers',
    '/apis/storage.k8s.io/v1/csistoragecapacities', '/apis/storage.k8s.io/v1/volumeattachments', '/apis/resource.k8s.io/v1/resourceclaims', '/apis/resource.k8s.io/v1/resourceslices', '/apis/resource.k8s.io/v1/deviceclasses',
  ])('lists %s, in protobuf where nothing else will do, and watches it from there', async (path) => {
    expect(await scheduler.get(`${path}${path.includes('?') ? '&' : '?'}limit=500&resourceVersion=0`, either)).toMatchObject({ code: 200, headers: { 'content-type': 'application/json' } });
    const list = await scheduler.get(`${path}${path.includes('?') ? '&' : '?'}limit=500&resourceVersion=0`, protobuf);
    expect([list.code, list.headers['content-type'], list.raw.subarray(0, 4)]).toEqual([200, 'application/vnd.kubernetes.protobuf', Buffer.from('k8s\0')]);
    const { resourceVersion } = (await scheduler.get<Any>(path)).body.metadata;
    const watch = await scheduler.watch(`${path}${path.includes('?') ? '&' : '?'}allowWatchBookmarks=true&resourceVersion=${resourceVersion}&timeoutSeconds=1&watch=true`);
    expect(watch.code).toBe(200);
    watch.stop();
  });

  it('takes and renews its Lease, and may use none of nodes', async () => {
    expect((await scheduler.get(`${leases}/kube-scheduler`)).code).toBe(404);
    const spec = { holderIdentity: 'host_1', leaseDurationSeconds: 15, acquireTime: microTime, renewTime: microTime, leaseTransitions: 0 };
    const made = await scheduler.post<Any>(leases, { metadata: { name: 'kube-scheduler', namespace: 'kube-system' }, spec });
    expect(made.code).toBe(201);
    const { body } = await scheduler.get<Any>(`${leases}/kube-scheduler`);
    expect(await scheduler.put<Any>(`${leases}/kube-scheduler`, { ...body, spec: { ...spec, renewTime: '2026-01-02T03:04:07.678901Z' } })).toMatchObject({ code: 200, body: { spec: { renewTime: '2026-01-02T03:04:07.678901Z' } } });
    expect((await scheduler.put(`${leases}/kube-scheduler`, { ...body, spec })).code).toBe(409);
    // Its role has been for all of kube-system since it may take part in coordinated elections.
    expect((await scheduler.get(`${leases}/upstream-scheduler`)).code).toBe(404);
    expect((await scheduler.get(`${leases.replace('kube-system', 'kube-node-lease')}/node-1`)).code).toBe(403);
  });

  it('binds a pod by its uid, once', async () => {
    const { uid } = (await scheduler.get<Any>(`${pods}/fits`)).body.metadata;
    const binding = (of: string): object => ({ metadata: { name: 'fits', namespace: 'default', uid: of }, target: { kind: 'Node', name: 'node-1' } });
    expect((await scheduler.post(`${pods}/fits/binding`, binding('another'))).code).toBe(409);
    expect(await scheduler.patch(`${pods}/fits/status`, 'strategic', { metadata: { uid }, status: { nominatedNodeName: 'node-1' } })).toMatchObject({ code: 200, body: { status: { nominatedNodeName: 'node-1' } } });
    expect(await scheduler.post(`${pods}/fits/binding`, binding(uid))).toMatchObject({ code: 201, body: { kind: 'Status', status: 'Success' } });
    expect((await scheduler.post(`${pods}/fits/binding`, binding(uid))).code).toBe(409);
    const bound = (await scheduler.get<Any>(`${pods}/fits`)).body;
    expect(bound).toMatchObject({ spec: { nodeName: 'node-1' }, status: { conditions: [{ type: 'PodScheduled', status: 'True' }] } });
    expect(bound.status.nominatedNodeName).toBeUndefined();
  });

  it('says why a pod waits, nominates a node for it and makes room', async () => {
    const { uid } = (await scheduler.get<Any>(`${pods}/waits`)).body.metadata;
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available: 1 Insufficient cpu.', lastTransitionTime: '2026-01-02T03:04:05Z' };
    const patched = await scheduler.patch<Any>(`${pods}/waits/status`, 'strategic', { metadata: { uid }, status: { conditions: [condition], nominatedNodeName: 'node-1' } });
    expect(patched).toMatchObject({ code: 200, body: { status: { nominatedNodeName: 'node-1', conditions: [{ reason: 'Unschedulable' }] } } });
    const disruption = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', lastTransitionTime: '2026-01-02T03:04:05Z' };
    expect((await scheduler.patch(`${pods}/victim/status`, 'strategic', { status: { conditions: [disruption] } })).code).toBe(200);
    expect((await scheduler.delete(`${pods}/victim`)).code).toBe(200);
  });

  it('tells events as a series', async () => {
    const { uid } = (await scheduler.get<Any>(`${pods}/waits`)).body.metadata;
    const event = {
      metadata: { name: 'waits.18ebd0', namespace: 'default' }, eventTime: microTime, reportingController: 'default-scheduler', reportingInstance: 'default-scheduler-host', action: 'Scheduling', reason: 'FailedScheduling',
      regarding: { kind: 'Pod', namespace: 'default', name: 'waits', uid, apiVersion: 'v1' }, note: '0/1 nodes are available: 1 Insufficient cpu.', type: 'Warning',
    };
    expect((await scheduler.post(events, event)).code).toBe(201);
    expect(await scheduler.patch<Any>(`${events}/waits.18ebd0`, 'strategic', { series: { count: 2, lastObservedTime: microTime } })).toMatchObject({ code: 200, body: { series: { count: 2 } } });
    expect((await admin.get<Any>('/api/v1/namespaces/default/events/waits.18ebd0')).body).toMatchObject({ involvedObject: { name: 'waits' }, message: event.note });
  });

  it('may do no more than schedule', async () => {
    expect((await scheduler.get('/api/v1/secrets')).code).toBe(403);
    expect((await scheduler.post(pods, { metadata: { name: 'own' }, spec: { containers: [{ name: 'c', image: 'x' }] } })).code).toBe(403);
    expect((await scheduler.delete('/api/v1/nodes/node-1')).code).toBe(403);
  });
});
