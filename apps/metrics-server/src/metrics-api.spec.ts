import type { KubeObject } from '@navarch/api';
import type { changev1 } from '@navarch/proto';
import { MetricsApi, type Known } from './metrics-api';
import { UsageStore } from './usage-store';

const second = 1_000_000_000n;
const startMs = 1_700_000_000_000;
const sample = (atMs: number, cpu: bigint, memory: number, startedMs = 0): changev1.UsageSample =>
  ({ takenUnixMs: BigInt(startMs + atMs), startedUnixMs: BigInt(startMs + startedMs - 3_600_000), cpuUsageCoreNanoseconds: cpu, memoryWorkingSetBytes: BigInt(memory) });
const usage = (atMs: number, cpu: bigint): changev1.Usage => ({
  node: 'node-1', total: sample(atMs, cpu * 2n, 1024 * 1024),
  pods: [{ namespace: 'default', name: 'web', uid: 'u1', labels: { app: 'web' }, containers: [{ name: 'app', sample: sample(atMs, cpu, 2048) }, { name: 'side', sample: sample(atMs, 0n, 1024) }] }],
});
const objects = (...list: KubeObject[]): Known => ({
  list: () => list,
  get: ({ name }) => list.find(({ metadata }) => metadata.name === name),
});

describe('metrics.k8s.io/v1beta1', () => {
  let nowMs: number;
  let store: UsageStore;
  let api: MetricsApi;
  beforeEach(() => {
    nowMs = startMs + 20_000;
    store = new UsageStore(() => nowMs, 60_000);
    api = new MetricsApi({
      store, now: () => nowMs, nodes: objects({ metadata: { name: 'node-1', labels: { zone: 'a' } } }, { metadata: { name: 'node-2' } }),
    });
    store.put(usage(0, 10n * second));
    store.put(usage(10_000, 15n * second));
  });

  const get = (path: string, accept = 'application/json'): { code: number; body: object } => api.answer({ method: 'GET', url: `/apis/metrics.k8s.io/v1beta1${path}`, accept });

  it('tells CPU as a rate between two samples, and memory as it is', () => {
    expect(get('/nodes/node-1')).toEqual({ code: 200, body: {
      kind: 'NodeMetrics', apiVersion: 'metrics.k8s.io/v1beta1', metadata: { name: 'node-1', labels: { zone: 'a' }, creationTimestamp: '2023-11-14T22:13:40Z' },
      timestamp: '2023-11-14T22:13:30Z', window: '10s', usage: { cpu: '1000000000n', memory: '1024Ki' },
    } });
    expect(get('/namespaces/default/pods/web').body).toMatchObject({ kind: 'PodMetrics', containers: [{ name: 'app', usage: { cpu: '500000000n', memory: '2Ki' } }, { name: 'side', usage: { cpu: '0n', memory: '1Ki' } }] });
  });

  it('lists what has been measured, by namespace and selectors', () => {
    const names = (path: string): unknown => (get(path).body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
    expect(names('/nodes')).toEqual(['node-1']);
    expect(names('/pods')).toEqual(['web']);
    expect(names('/namespaces/other/pods')).toEqual([]);
    expect(names('/pods?labelSelector=app%3Dother')).toEqual([]);
    expect(names('/namespaces/default/pods?labelSelector=app%20in%20(web,api)')).toEqual(['web']);
    expect(names('/pods?fieldSelector=metadata.name%3Dweb')).toEqual(['web']);
  });

  it('answers a Table with the sum of a pod\'s containers', () => {
    expect(get('/pods', 'application/json;as=Table;v=v1;g=meta.k8s.io').body).toMatchObject({ kind: 'Table', rows: [{ cells: ['web', '500000000n', '3Ki', '10s'] }] });
  });

  it.each([
    ['/namespaces/default/pods/fresh', 404, 'pods "default/fresh" not found'],
    ['/nodes/node-2', 404, 'nodes "node-2" not found'],
    ['/nodes?watch=true', 405, expect.anything()],
    ['/pods?labelSelector=%3D%3D', 400, expect.anything()],
    ['/secrets', 404, expect.anything()],
  ])('%s: %d', (path, code, message) => {
    expect(get(path)).toMatchObject({ code, body: { kind: 'Status', message: message as unknown } });
  });

  it('shows its group in discovery', () => {
    expect(api.answer({ method: 'GET', url: '/apis', accept: '' }).body).toMatchObject({ groups: [{ name: 'metrics.k8s.io' }] });
    expect(get('').body).toMatchObject({ resources: [{ name: 'nodes', namespaced: false }, { name: 'pods', namespaced: true }] });
  });

  it('makes no rate over a restart, and none of a pod that took another\'s name', () => {
    store.put({ ...usage(20_000, 1n * second), pods: [{ namespace: 'default', name: 'web', uid: 'u2', labels: {}, containers: [{ name: 'app', sample: sample(20_000, 20n * second, 1) }] }] });
    expect(get('/nodes/node-1').code).toBe(404);
    expect(get('/namespaces/default/pods/web').code).toBe(404);
  });

  it('measures a container that has just started from its start', () => {
    store.put({ ...usage(20_000, 1n), pods: [{ namespace: 'default', name: 'fresh', uid: 'u3', labels: {}, containers: [{ name: 'app', sample: { ...sample(20_000, 2n * second, 1), startedUnixMs: BigInt(startMs + 16_000) } }] }] });
    expect(get('/namespaces/default/pods/fresh').body).toMatchObject({ window: '4s', containers: [{ usage: { cpu: '500000000n' } }] });
  });

  it('shows a pod where it runs now, and only there', () => {
    const moved = { namespace: 'default', name: 'web', uid: 'u4', labels: { app: 'moved' }, containers: [{ name: 'app', sample: { ...sample(20_000, 2n * second, 1), startedUnixMs: BigInt(startMs + 16_000) } }] };
    store.put({ ...usage(20_000, 1n), node: 'node-2', pods: [moved] });
    expect(get('/pods').body).toMatchObject({ items: [{ metadata: { name: 'web', labels: { app: 'moved' } } }] });
  });

  it('says nothing of a node that went silent', () => {
    nowMs += 61_000;
    expect(get('/nodes/node-1').code).toBe(404);
    expect(get('/pods').body).toMatchObject({ items: [] });
  });
});
