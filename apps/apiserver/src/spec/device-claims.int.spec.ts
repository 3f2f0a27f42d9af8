import type { RestClient } from '../testing';
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
useTestApi(async ({ api }) => {
  admin = api;
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
