import { eventually, makeTempDir, startEtcd, type TestEtcd } from '@navarch/testing';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';
import { useTestApi } from './use-test-api';

interface Event {
  level: string;
  auditID: string;
  stage: string;
  requestURI: string;
  verb: string;
  user: { username?: string };
  impersonatedUser?: { username: string };
  authenticationMetadata?: { impersonationConstraint: string };
  objectRef?: Record<string, string>;
  responseStatus?: { code: number; message?: string; reason?: string; status?: string };
  requestObject?: { metadata: { name: string } };
  responseObject?: { metadata: { name: string } };
  annotations?: Record<string, string>;
}

const policy = {
  apiVersion: 'audit.k8s.io/v1', kind: 'Policy',
  rules: [
    { level: 'RequestResponse', resources: [{ group: '', resources: ['configmaps'] }] },
    { level: 'Metadata', resources: [{ group: '', resources: ['pods', 'pods/*', 'serviceaccounts/token'] }] },
    { level: 'None' },
  ],
};

describe('the audit', () => {
  let etcd: TestEtcd;
  let server: TestApiserver;
  let admin: RestClient;
  let anonymous: RestClient;
  let path: string;
  let directory: Awaited<ReturnType<typeof makeTempDir>>;

  const events = async (): Promise<Event[]> => (await readFile(path, 'utf8')).trim().split('\n').filter(Boolean).map((line) => JSON.parse(line) as Event);
  /** All events of one request, once its last one is there. */
  const eventsOf = (id: string, last = 'ResponseComplete'): Promise<Event[]> => {
    return eventually(async () => {
      const found = (await events()).filter(({ auditID }) => auditID === id);
      return found.at(-1)?.stage === last && found;
    });
  };
  const call = async (client: RestClient, id: string, method: string, to: string, body?: unknown, headers: Record<string, string> = {}): Promise<Event[]> => {
    await client.call(method, to, { ...(body === undefined ? {} : { body }), headers: { 'Audit-ID': id, ...headers } });
    return eventsOf(id);
  };

  beforeAll(async () => {
    directory = await makeTempDir();
    path = join(directory.path, 'audit.log');
    await writeFile(join(directory.path, 'policy.yaml'), JSON.stringify(policy));
    etcd = await startEtcd();
    server = await startTestApiserver({ etcd: etcd.endpoint, flags: [`--audit-policy-file=${join(directory.path, 'policy.yaml')}`, `--audit-log-path=${path}`] });
    admin = await RestClient.of(server);
    anonymous = await RestClient.of(server, true);
    await admin.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });
  }, 60_000);

  afterAll(async () => {
    for (const client of [admin, anonymous]) client.close();
    await server.stop();
    await etcd.stop();
    await directory[Symbol.asyncDispose]();
  });

  it('notes when a request came, and with what it was answered', async () => {
    const [received, complete, ...more] = await call(admin, 'made', 'POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'm' } });
    expect(more).toEqual([]);
    expect(received).toMatchObject({ level: 'RequestResponse', stage: 'RequestReceived', verb: 'create', objectRef: { resource: 'configmaps', namespace: 'default', apiVersion: 'v1' } });
    expect(received?.responseStatus).toBeUndefined();
    expect(complete).toMatchObject({
      stage: 'ResponseComplete',
      objectRef: { resource: 'configmaps', namespace: 'default', name: 'm', apiVersion: 'v1' },
      responseStatus: { code: 201 },
      requestObject: { metadata: { name: 'm' } },
      responseObject: { metadata: { name: 'm' } },
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    });
  });

  it('keeps whole numbers, in whatever format they came', async () => {
    for (const [format, body] of [['json', '{"metadata":{"name":"j"},"big":9223372036854775807}'], ['yaml', 'metadata: {name: k}\nbig: 9223372036854775807\n']] as const) {
      await call(admin, `exact-${format}`, 'POST', '/api/v1/namespaces/default/configmaps', Buffer.from(body), { 'Content-Type': `application/${format}` });
      const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line.includes(`exact-${format}`));
      expect(lines.at(-1)).toContain('"big":9223372036854775807');
    }
  });

  it('is kept before the client has its answer', async () => {
    const noted: boolean[] = [];
    for (let i = 0; i < 20; i++) {
      const id = `before-${i}`;
      await admin.call('GET', `/api/v1/namespaces/default/configmaps/${i % 2 === 0 ? 'm' : 'absent'}`, { headers: { 'Audit-ID': id } });
      noted.push((await events()).some(({ auditID, stage }) => auditID === id && stage === 'ResponseComplete'));
    }
    expect(noted).toEqual(noted.map(() => true));
  });

  it('says why a request was refused', async () => {
    const [, complete] = await call(anonymous, 'refused', 'GET', '/api/v1/namespaces/default/pods');
    expect(complete).toMatchObject({ level: 'Metadata', user: { username: 'system:anonymous' }, responseStatus: { code: 403, status: 'Failure', reason: 'Forbidden' }, annotations: { 'authorization.k8s.io/decision': 'forbid' } });
    expect(complete?.responseObject).toBeUndefined();
  });

  it('notes credentials that nobody knows', async () => {
    await anonymous.call('GET', '/api/v1/namespaces/default/pods', { headers: { 'Audit-ID': 'unknown', Authorization: 'Bearer nonsense' } });
    const [only, ...more] = await eventsOf('unknown', 'ResponseStarted');
    expect(more).toEqual([]);
    expect(only).toMatchObject({ level: 'Metadata', user: {}, responseStatus: { code: 401, message: 'Authentication failed, attempted: bearer' } });
  });

  it('notes when the answer of what lasts begins', async () => {
    await call(admin, 'watched', 'GET', '/api/v1/namespaces/default/pods?watch=1&timeoutSeconds=1');
    expect((await eventsOf('watched')).map(({ stage, responseStatus }) => [stage, responseStatus?.code])).toEqual([['RequestReceived', undefined], ['ResponseStarted', 200], ['ResponseComplete', 200]]);
  });

  it('tells impersonation, and by what right', async () => {
    const [received, complete] = await call(admin, 'as', 'GET', '/api/v1/namespaces/default/pods', undefined, { 'Impersonate-User': 'jane' });
    expect(received).toMatchObject({ user: { username: 'kubernetes-admin' } });
    expect(received?.impersonatedUser).toBeUndefined();
    expect(complete).toMatchObject({ user: { username: 'kubernetes-admin' }, impersonatedUser: { username: 'jane' }, authenticationMetadata: { impersonationConstraint: 'impersonate:user-info' }, responseStatus: { code: 403 } });
  });

  it('names the token that was issued, and not the token', async () => {
    const [, complete] = await call(admin, 'issued', 'POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', { spec: {} });
    expect(complete?.annotations?.['authentication.kubernetes.io/issued-credential-id']).toMatch(/^JTI=[0-9a-f-]{36}$/);
    expect(complete?.responseObject).toBeUndefined();
  });

  it('is not kept of what the policy leaves out', async () => {
    await admin.call('GET', '/api/v1/namespaces/default/secrets', { headers: { 'Audit-ID': 'left-out' } });
    await call(admin, 'after', 'GET', '/api/v1/namespaces/default/pods');
    expect((await events()).some(({ auditID }) => auditID === 'left-out')).toBe(false);
  });
});

describe('metrics of requests', () => {
  let admin: RestClient;

  useTestApi((running) => {
    ({ api: admin } = running);
  });

  const metrics = async (): Promise<string> => (await admin.get('/metrics')).raw.toString();
  const maps = '/api/v1/namespaces/default/configmaps';

  it('name verbs as upstream does', async () => {
    await admin.post(maps, { metadata: { name: 'm' } });
    await admin.put(`${maps}/m`, { metadata: { name: 'm' }, data: { a: 'b' } });
    await admin.patch(`${maps}/m?fieldManager=me&dryRun=All`, 'apply', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } });
    await admin.get(maps);
    await admin.get(`${maps}/none`);
    await admin.get('/api/v1/namespaces/default/nonsense');
    const text = await metrics();
    const of = (verb: string, scope: string, code: number, dryRun = '') =>
      `apiserver_request_total{verb="${verb}",group="",version="v1",resource="configmaps",subresource="",scope="${scope}",component="apiserver",dry_run="${dryRun}",code="${code}"} 1`;
    for (const line of [of('POST', 'resource', 201), of('PUT', 'resource', 200), of('APPLY', 'resource', 200, 'All'), of('LIST', 'namespace', 200), of('GET', 'resource', 404)]) expect(text).toContain(line);
    for (const verb of ['create', 'update', 'patch']) expect(text).toContain(`apiserver_request_body_size_bytes_count{group="",resource="configmaps",verb="${verb}"} 1\n`);
    expect(text).not.toContain('nonsense');
    expect(text).toMatch(/authentication_attempts\{result="success"\} \d+/);
    expect(text).toMatch(/authorization_attempts_total\{result="allowed"\} \d+/);
  });

  it('count what lasts as long as it does', async () => {
    const line = 'apiserver_longrunning_requests{verb="WATCH",group="",version="v1",resource="configmaps",subresource="",scope="namespace",component="apiserver"}';
    const watch = await admin.watch(`${maps}?watch=1&resourceVersion=0`);
    expect(await metrics()).toContain(`${line} 1`);
    watch.stop();
    await eventually(async () => (await metrics()).includes(`${line} 0`));
  });

  it('a request says how long it may take, and must say it rightly', async () => {
    expect(await admin.get(`${maps}?timeout=10s`)).toMatchObject({ code: 200 });
    expect(await admin.get(`${maps}?timeout=10`)).toMatchObject({ code: 400, body: { reason: 'BadRequest', message: 'invalid timeout specified in the request URL - time: missing unit in duration "10"' } });
    expect(await admin.get(`${maps}?timeout=soon`)).toMatchObject({ code: 400, body: { message: 'invalid timeout specified in the request URL - time: invalid duration "soon"' } });
  });
});
