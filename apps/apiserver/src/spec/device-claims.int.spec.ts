import { eventually } from '@navarch/testing';
import { RestClient } from '../testing';
import { useTestApi } from './use-test-api';

interface Answer {
  code: number;
  reason: string;
  message: string;
  details: { causes: object[] };
  metadata: { resourceVersion: string };
  status: { allocation?: object };
}

const dra = (namespace: string): string => `/apis/resource.k8s.io/v1/namespaces/${namespace}`;
const requests = (adminAccess: boolean): object[] => [{ name: 'one', exactly: { deviceClassName: 'sample', adminAccess } }];
const claim = (name: string, adminAccess: boolean): object => ({ metadata: { name }, spec: { devices: { requests: requests(adminAccess) } } });
const template = (name: string, adminAccess: boolean): object => ({ metadata: { name }, spec: { spec: { devices: { requests: requests(adminAccess) } } } });
const allocation = (adminAccess: boolean): object => ({ devices: { results: [{ request: 'one', driver: 'sample.example.com', pool: 'p', device: 'd', ...(adminAccess ? { adminAccess } : {}) }] } });

let admin: RestClient;
let jane: RestClient;
afterAll(() => {
  jane.close();
});
useTestApi(async ({ api, server }) => {
  admin = api;
  jane = await RestClient.as(server, await server.pki.ensureComponent('jane', { commonName: 'jane', organizations: [], usages: ['client auth'] }));
  await admin.post('/api/v1/namespaces', { metadata: { name: 'plain' } });
  await admin.post('/api/v1/namespaces', { metadata: { name: 'admin', labels: { 'resource.kubernetes.io/admin-access': 'true' } } });
});

describe('admin access to devices', () => {
  const needed = 'Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace';

  it('is for claims and templates of namespaces that say so', async () => {
    for (const [resource, make, kind] of [['resourceclaims', claim, 'ResourceClaim'], ['resourceclaimtemplates', template, 'ResourceClaimTemplate']] as const) {
      expect((await admin.post(`${dra('admin')}/${resource}`, make('mine', true))).code).toBe(201);
      expect((await admin.post(`${dra('plain')}/${resource}`, make('plain', false))).code).toBe(201);
      const { code, body } = await admin.post<Answer>(`${dra('plain')}/${resource}`, make('mine', true));
      expect([code, body.reason, body.message]).toEqual([422, 'Invalid', `${kind}.resource.k8s.io "mine" is invalid: spec.devices.requests[0].adminAccess: ${needed}`]);
      expect(body.details.causes).toEqual([{ reason: 'FieldValueForbidden', message: needed, field: 'spec.devices.requests[0].adminAccess' }]);
    }
  });

  it('is not for those who only try', async () => {
    expect((await admin.post<Answer>(`${dra('plain')}/resourceclaims?dryRun=All`, claim('tried', true))).body.message).toContain(needed);
  });

  it('is not for allocations elsewhere', async () => {
    const [plain, mine] = [`${dra('plain')}/resourceclaims/plain/status`, `${dra('admin')}/resourceclaims/mine/status`];
    const refused = await admin.patch<Answer>(plain, 'merge', { status: { allocation: allocation(true) } });
    expect([refused.code, refused.body.message]).toEqual([422, `ResourceClaim.resource.k8s.io "plain" is invalid: status.allocation.devices.results[0].adminAccess: ${needed}`]);
    expect((await admin.patch(plain, 'merge', { status: { allocation: allocation(false) } })).code).toBe(200);
    expect((await admin.patch(mine, 'merge', { status: { allocation: allocation(true) } })).code).toBe(200);
    // What was allocated stays, whatever the namespace says by now.
    await admin.patch('/api/v1/namespaces/admin', 'merge', { metadata: { labels: { 'resource.kubernetes.io/admin-access': null } } });
    expect((await admin.patch(mine, 'merge', { status: { reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }] } })).code).toBe(200);
  });
});

describe('the status of a claim', () => {
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const apiGroup = 'rbac.authorization.k8s.io';
  const grant = async (name: string, rule: object): Promise<void> => {
    await admin.post(`${rbac}/clusterroles`, { metadata: { name }, rules: [{ apiGroups: ['resource.k8s.io'], ...rule }] });
    await admin.post(`${rbac}/clusterrolebindings`, { metadata: { name }, roleRef: { apiGroup, kind: 'ClusterRole', name }, subjects: [{ kind: 'User', name: 'jane', apiGroup }] });
  };
  const path = `${dra('plain')}/resourceclaims/shared/status`;
  const device = { driver: 'sample.example.com', pool: 'p', device: 'd' };

  it('takes rights of their own to bind, and to tell of devices', async () => {
    await admin.post(`${dra('plain')}/resourceclaims`, claim('shared', false));
    await grant('status', { resources: ['resourceclaims/status'], verbs: ['get', 'patch'] });
    const refused = await eventually(async () => {
      const answer = await jane.patch<Answer>(path, 'merge', { status: { allocation: allocation(false) } });
      return answer.code !== 403 && answer;
    });
    expect([refused.code, refused.body.reason]).toEqual([422, 'Invalid']);
    expect(refused.body.message).toContain(
      'status: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="patch" permission: resourceclaims.resource.k8s.io is forbidden: User "jane" cannot patch resource "resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope',
    );
    await grant('binding', { resources: ['resourceclaims/binding'], verbs: ['patch'] });
    await eventually(async () => (await jane.patch(path, 'merge', { status: { allocation: allocation(false) } })).code === 200);

    const told = { status: { devices: [device] } };
    expect((await jane.patch<Answer>(path, 'merge', told)).body.message).toContain('status.devices: Forbidden: changing status.devices requires resource="resourceclaims/driver", verb="[arbitrary-node:patch]" permission: ');
    await grant('driver', { resources: ['resourceclaims/driver'], resourceNames: ['sample.example.com'], verbs: ['arbitrary-node:patch'] });
    await eventually(async () => (await jane.patch(path, 'merge', told)).code === 200);
    // What a driver said goes with its device.
    expect((await jane.patch<Answer>(path, 'merge', { status: { allocation: null } })).body.status).toEqual({});
  });
});
