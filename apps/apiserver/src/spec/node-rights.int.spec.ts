import { RestClient, type TestApiserver } from '../testing';
import { useTestApi } from './use-test-api';

interface Any {
  message?: string;
  metadata: { uid: string };
  status: { token?: string };
  spec: Record<string, unknown>;
}

const pods = '/api/v1/namespaces/default/pods';
const pod = (name: string, node: string, more: object = {}) => ({ metadata: { name }, spec: { nodeName: node, containers: [{ name: 'c', image: 'x' }], ...more } });

describe('a node', () => {
  let server: TestApiserver;
  let admin: RestClient;
  let node: RestClient;
  let other: RestClient;
  const status = async (client: RestClient, method: string, path: string, body?: unknown) => (await client.call<Any>(method, path, body === undefined ? {} : { body })).code;

  afterAll(() => {
    for (const client of [node, other]) client.close();
  });
  useTestApi(async (running) => {
    ({ api: admin, server } = running);
    await admin.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    node = await RestClient.as(server, await server.pki.ensureNode('node-1', ['127.0.0.1']));
    other = await RestClient.as(server, await server.pki.ensureNode('node-2', ['127.0.0.1']));
    for (const name of ['used', 'unused']) await admin.post('/api/v1/namespaces/default/secrets', { metadata: { name }, stringData: { a: 'b' } });
    await admin.post('/api/v1/namespaces/default/configmaps', { metadata: { name: 'settings' }, data: {} });
    await admin.post(pods, pod('own', 'node-1', { volumes: [{ name: 's', secret: { secretName: 'used' } }, { name: 'c', configMap: { name: 'settings' } }] }));
    await admin.post(pods, pod('strange', 'node-2'));
    await admin.post('/api/v1/namespaces', { metadata: { name: 'kube-node-lease' } });
  });

  it('reads the secrets of its pods, and no other', async () => {
    const secrets = '/api/v1/namespaces/default/secrets';
    expect(await status(node, 'GET', `${secrets}/used`)).toBe(200);
    expect(await status(node, 'GET', '/api/v1/namespaces/default/configmaps/settings')).toBe(200);
    expect((await node.get<Any>(`${secrets}?fieldSelector=metadata.name%3Dused`)).code).toBe(200);
    expect((await node.get<Any>(`${secrets}/unused`)).body.message).toBe(
      'secrets "unused" is forbidden: User "system:node:node-1" cannot get resource "secrets" in API group "" in the namespace "default": no relationship found between node \'node-1\' and this object',
    );
    expect((await other.get<Any>(`${secrets}/used`)).code).toBe(403);
    expect((await node.get<Any>(secrets)).body.message).toContain(': No Object name found');
    expect(await status(node, 'DELETE', `${secrets}/used`)).toBe(403);
  });

  it('sees its own pods', async () => {
    expect(await status(node, 'GET', `${pods}/own`)).toBe(200);
    expect(await status(node, 'GET', `${pods}/strange`)).toBe(403);
    expect(await status(node, 'GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1')).toBe(200);
    expect(await status(node, 'GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-2')).toBe(403);
    expect((await node.get<Any>('/api/v1/pods')).body.message).toContain('can only list/watch pods with spec.nodeName field selector');
  });

  it('registers itself and no other', async () => {
    const body = (name: string, labels: object = {}) => ({ metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } } });
    expect(await status(node, 'POST', '/api/v1/nodes', body('node-1'))).toBe(201);
    expect((await node.post<Any>('/api/v1/nodes', body('node-3'))).body.message).toBe('nodes "node-3" is forbidden: node "node-1" is not allowed to modify node "node-3"');
    expect((await other.post<Any>('/api/v1/nodes', body('node-2', { 'node-role.kubernetes.io/master': '' }))).body.message).toBe(
      'nodes "node-2" is forbidden: node "node-2" is not allowed to set the following labels: node-role.kubernetes.io/master',
    );
    expect((await node.get<Any>('/api/v1/nodes/node-1')).body.spec).toMatchObject({ taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] });
    expect((await node.get<Any>('/api/v1/nodes')).body.message).toContain('node \'node-1\' cannot read all nodes, only its own Node object');
    expect((await node.patch<Any>('/api/v1/nodes/node-1', 'merge', { spec: { taints: [] } })).body.message).toBe('nodes "node-1" is forbidden: node "node-1" is not allowed to modify taints');
    expect((await node.patch('/api/v1/nodes/node-1/status', 'strategic', { status: { conditions: [{ type: 'Ready', status: 'True' }] } })).code).toBe(200);
    expect((await other.patch<Any>('/api/v1/nodes/node-1/status', 'strategic', { status: {} })).code).toBe(403);
  });

  it('renews its own lease', async () => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
    expect(await status(node, 'POST', leases, { metadata: { name: 'node-1' }, spec: { holderIdentity: 'node-1' } })).toBe(201);
    expect((await node.post<Any>(leases, { metadata: { name: 'node-2' } })).body.message).toBe('leases.coordination.k8s.io "node-2" is forbidden: can only access node lease with the same name as the requesting node');
    expect(await status(node, 'GET', `${leases}/node-2`)).toBe(403);
  });

  it('reports on and deletes its own pods', async () => {
    expect((await node.patch(`${pods}/own/status`, 'strategic', { status: { phase: 'Running' } })).code).toBe(200);
    expect((await node.patch<Any>(`${pods}/strange/status`, 'strategic', { status: { phase: 'Running' } })).body.message).toBe(
      'pods "strange" is forbidden: node "node-1" can only update pod status for pods with spec.nodeName set to itself',
    );
    expect((await node.delete<Any>(`${pods}/strange`)).body.message).toBe('pods "strange" is forbidden: node "node-1" can only delete pods with spec.nodeName set to itself');
    expect((await node.post<Any>(pods, pod('made', 'node-1'))).body.message).toBe('pods "made" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "node-1" can only create mirror pods');
  });

  it('gets tokens for its pods only', async () => {
    const tokens = '/api/v1/namespaces/default/serviceaccounts/default/token';
    const uid = (await admin.get<Any>(`${pods}/own`)).body.metadata.uid;
    const asked = (spec: object) => ({ spec: { audiences: [], expirationSeconds: 3607, ...spec } });
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'own', uid };
    const made = await node.post<Any>(tokens, asked({ boundObjectRef }));
    expect(made.code).toBe(201);
    const claims = JSON.parse(Buffer.from(made.body.status.token?.split('.')[1] ?? '', 'base64url').toString()) as { exp: number; iat: number; 'kubernetes.io': Record<string, unknown> };
    expect(claims['kubernetes.io']).toMatchObject({ namespace: 'default', node: { name: 'node-1' }, pod: { name: 'own', uid }, serviceaccount: { name: 'default' }, warnafter: claims.iat + 3607 });
    expect(claims.exp - claims.iat).toBe(365 * 24 * 3600);
    expect((await node.post<Any>(tokens, asked({}))).body.message).toBe('serviceaccounts "default" is forbidden: node requested token not bound to a pod');
    expect((await node.post<Any>(tokens, asked({ boundObjectRef, audiences: ['vault'] }))).body.message).toBe(
      'serviceaccounts "default" is forbidden: audience "vault" not found in pod spec volume, system:node:node-1 is not authorized to request tokens for this audience',
    );
    await admin.delete(`${pods}/own`, { gracePeriodSeconds: 0 });
    expect((await node.post<Any>(tokens, asked({ boundObjectRef }))).code).toBe(403);
    expect((await node.get('/api/v1/namespaces/default/secrets/used')).code).toBe(403);
  });
});
