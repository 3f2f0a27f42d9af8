import { hostname } from 'node:os';
import { apiserverId } from '../config-file/server-id';
import { type RestClient, startTestApi, type TestApi } from '../testing';

interface Any {
  kind: string;
  code?: number;
  reason?: string;
  message: string;
  details?: { causes?: { reason: string }[] };
  metadata: { name: string; generation?: number };
  spec: { containers: { name: string; resources?: object }[]; ephemeralContainers?: { name: string; image: string }[] };
}

const pods = '/api/v1/namespaces/default/pods';
const requests = { requests: { cpu: '100m' }, limits: { cpu: '200m' } };
const pod = (name: string): object => ({ metadata: { name, labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i', resources: requests }] } });

/** What kubectl and controllers send that nothing else here tries. */
describe('clients find', () => {
  let running: TestApi;
  let api: RestClient;

  beforeAll(async () => {
    running = await startTestApi();
    api = running.api;
  }, 60_000);

  afterAll(() => running.stop());

  it('which apiservers there are', async () => {
    const { body } = await api.get<{
      items: {
        metadata: { name: string; labels: Record<string, string> };
        spec: { holderIdentity: string; leaseDurationSeconds: number; renewTime: string };
      }[];
    }>('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?labelSelector=apiserver.kubernetes.io/identity%3Dkube-apiserver');
    expect(body.items).toMatchObject([{ metadata: { name: apiserverId(), labels: { 'kubernetes.io/hostname': hostname() } }, spec: { leaseDurationSeconds: 3600 } }]);
    expect(body.items[0]?.spec.holderIdentity).toContain(`${apiserverId()}_`);
  });

  it('what runs and waits in the levels of priority and fairness, at paths that the server does not list', async () => {
    const debug = '/debug/api_priority_and_fairness';
    const lines = async (path: string): Promise<string[]> => {
      const { code, headers, raw } = await api.get(`${debug}/${path}`);
      expect([code, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
      return raw.toString().split('\n');
    };
    // Who asks is one that runs.
    expect(await lines('dump_priority_levels')).toContainEqual(expect.stringMatching(/^exempt, +0, +false, +false, +0, +[1-9]\d*$/));
    expect(await lines('dump_queues')).toContainEqual(expect.stringMatching(/^global-default, +127, +0, /));
    expect(await lines('dump_requests')).toEqual([expect.stringMatching(/, AdditionalLatency$/), '']);
    expect(await lines('dump_requests?includeRequestDetails=1')).toEqual([expect.stringMatching(/, SubResource$/), '']);
    expect((await api.get<{ paths: string[] }>('/')).body.paths.filter((path) => path.startsWith('/debug'))).toEqual([]);
  });

  it('that the pods of each revision of a template may be spread by themselves', async () => {
    const spread = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'spread' } }, matchLabelKeys: ['pod-template-hash'] };
    const made = { metadata: { name: 'spread', labels: { app: 'spread', 'pod-template-hash': 'x' } }, spec: { containers: [{ name: 'c', image: 'i' }], topologySpreadConstraints: [spread] } };
    const merged = { ...spread, labelSelector: { matchLabels: { app: 'spread' }, matchExpressions: [{ key: 'pod-template-hash', operator: 'In', values: ['x'] }] } };
    expect(await api.post(pods, made)).toMatchObject({ code: 201, body: { spec: { topologySpreadConstraints: [merged] } } });
    expect(await api.patch(`${pods}/spread`, 'merge', { metadata: { labels: { more: 'x' } } })).toMatchObject({ code: 200, body: { spec: { topologySpreadConstraints: [merged] } } });
  });

  it('ephemeral containers, added by a strategic patch and never taken away', async () => {
    await api.post(pods, pod('debugged'));
    const path = `${pods}/debugged/ephemeralcontainers`;
    const debug = (name: string, image: string): object => ({ spec: { ephemeralContainers: [{ name, image, targetContainerName: 'c' }] } });
    expect(await api.patch<Any>(path, 'strategic', debug('debugger-1', 'busybox'))).toMatchObject({
      code: 200,
      body: {
        kind: 'Pod',
        metadata: { generation: 2 },
        spec: { ephemeralContainers: [{ name: 'debugger-1', image: 'busybox', terminationMessagePolicy: 'File' }] },
      },
    });
    const { body } = await api.patch<Any>(path, 'strategic', debug('debugger-2', 'busybox'));
    expect(body.spec.ephemeralContainers?.map(({ name }) => name).sort()).toEqual(['debugger-1', 'debugger-2']);
    expect(await api.patch<Any>(path, 'strategic', debug('debugger-1', 'other'))).toMatchObject({ code: 422, body: { reason: 'Invalid' } });
    expect((await api.patch<Any>(path, 'json', [{ op: 'remove', path: '/spec/ephemeralContainers/0' }])).code).toBe(422);
    // At the pod itself they are not to be had.
    expect((await api.patch<Any>(`${pods}/debugged`, 'strategic', debug('debugger-3', 'busybox'))).code).toBe(422);
  });

  it('another size for a pod at its own path only, which counts as a change of what is wanted', async () => {
    await api.post(pods, pod('resized'));
    const larger = { spec: { containers: [{ name: 'c', resources: { requests: { cpu: '150m' } } }] } };
    expect(await api.patch<Any>(`${pods}/resized`, 'strategic', larger)).toMatchObject({ code: 422, body: { reason: 'Invalid' } });
    expect(await api.patch<Any>(`${pods}/resized/resize`, 'strategic', larger)).toMatchObject({
      code: 200,
      body: { metadata: { generation: 2 }, spec: { containers: [{ resources: { requests: { cpu: '150m' }, limits: { cpu: '200m' } } }] } },
    });
    // What is no size stays as it is.
    expect(await api.patch<Any>(`${pods}/resized/resize`, 'strategic', { spec: { containers: [{ name: 'c', image: 'other' }] } })).toMatchObject({ code: 200, body: { metadata: { generation: 2 }, spec: { containers: [{ image: 'i' }] } } });
  });

  it('why an eviction has to wait, and for how long', async () => {
    await api.post(pods, pod('needed'));
    await api.patch(`${pods}/needed/status`, 'merge', { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } });
    await api.post('/apis/policy/v1/namespaces/default/poddisruptionbudgets', { metadata: { name: 'budget' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'needed' } } } });
    const evict = (): ReturnType<typeof api.post<Any>> => api.post<Any>(`${pods}/needed/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'needed' } });
    // Nobody has looked at the budget yet.
    const early = await evict();
    expect({ code: early.code, reason: early.body.reason, retryAfter: early.headers['retry-after'] }).toEqual({ code: 429, reason: 'TooManyRequests', retryAfter: '10' });
    await api.patch('/apis/policy/v1/namespaces/default/poddisruptionbudgets/budget/status', 'merge', { status: { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 } });
    expect(await evict()).toMatchObject({ code: 429, body: { reason: 'TooManyRequests', message: "Cannot evict pod as it would violate the pod's disruption budget.", details: { causes: [{ reason: 'DisruptionBudget' }] } } });
    await api.patch('/apis/policy/v1/namespaces/default/poddisruptionbudgets/budget/status', 'merge', { status: { disruptionsAllowed: 1 } });
    expect((await evict()).code).toBe(201);
  });

  it('the query of patches in OpenAPI, by which kubectl knows that fields are validated', async () => {
    const { body: index } = await api.get<{ paths: Record<string, { serverRelativeURL: string }> }>('/openapi/v3');
    for (const [group, path, kind] of [['api/v1', '/api/v1/namespaces/{namespace}/pods/{name}', 'Pod'], ['apis/apps/v1', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}', 'Deployment']] as const) {
      const { body } = await api.get<{ paths: Record<string, { patch: { parameters: { name: string; in: string }[]; 'x-kubernetes-group-version-kind': { kind: string } } }> }>(index.paths[group]?.serverRelativeURL ?? '');
      expect(body.paths[path]?.patch).toMatchObject({ 'x-kubernetes-group-version-kind': { kind } });
      expect(body.paths[path]?.patch.parameters).toContainEqual(expect.objectContaining({ name: 'fieldValidation', in: 'query' }));
    }
  });
});
