import type { corev1, KubeObject, policyv1 } from '@navarch/api';
import { memoryRegistry, type MemoryRegistry } from '../testing/memory-registry';
import { create } from './create';
import { evict } from './evict';
import { find } from './get';
import type { ResourceStore } from './resource-store';
import { update } from './update';

type Pod = KubeObject & { spec: corev1.PodSpec; status?: corev1.PodStatus };
type Budget = KubeObject & { spec: policyv1.PodDisruptionBudgetSpec; status?: policyv1.PodDisruptionBudgetStatus };

const running = (ready: boolean): corev1.PodStatus => ({ phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] });

describe('an eviction', () => {
  let registry: MemoryRegistry;
  let pods: ResourceStore;
  let budgets: ResourceStore;

  beforeEach(async () => {
    registry = await memoryRegistry();
    const [first, second] = [registry.registry.store('', 'pods'), registry.registry.store('policy', 'poddisruptionbudgets')];
    if (!first || !second) throw new Error('not served');
    [pods, budgets] = [first, second];
  });

  afterEach(() => registry.stop());

  const setStatus = (resource: ResourceStore, name: string, status: object) => update(resource, {
    namespace: 'default', name, subresource: 'status', createsMissing: false,
    compute: (current) => ({ ...(current?.parse() as KubeObject), status }) as KubeObject,
  }, registry.context);

  async function aPod(status: corev1.PodStatus, name = 'p'): Promise<void> {
    await create(pods, { metadata: { name, namespace: 'default', labels: { app: 'a' }, finalizers: ['example.com/watch'] }, spec: { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', containers: [{ name: 'c', image: 'x', imagePullPolicy: 'Always', terminationMessagePath: '/x', terminationMessagePolicy: 'File' }] } } as Pod, registry.context);
    await setStatus(pods, name, status);
  }

  async function aBudget(status: Partial<policyv1.PodDisruptionBudgetStatus>, spec: Partial<policyv1.PodDisruptionBudgetSpec> = {}, name = 'b'): Promise<void> {
    await create(budgets, { metadata: { name, namespace: 'default' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } }, ...spec } } as Budget, registry.context);
    await setStatus(budgets, name, { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, ...status });
  }

  const evicted = (body: Partial<policyv1.Eviction> = {}, dryRun = false) => evict({ pods, budgets }, { namespace: 'default', name: 'p' }, { metadata: { name: 'p' }, ...body }, { ...registry.context, dryRun });
  const podNow = async () => (await find(pods, 'default', 'p'))?.object as Pod | undefined;
  const budgetNow = async () => ((await find(budgets, 'default', 'b'))?.object as Budget | undefined)?.status;
  const leaving = async (): Promise<boolean> => (await podNow())?.metadata.deletionTimestamp !== undefined;

  it('spends what the budget allows, and says so in both', async () => {
    await aPod(running(true));
    await aBudget({ disruptionsAllowed: 1, currentHealthy: 2 });
    await evicted();
    expect(await leaving()).toBe(true);
    expect((await podNow())?.status?.conditions).toContainEqual(expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting', observedGeneration: 1 }));
    expect(await budgetNow()).toMatchObject({ disruptionsAllowed: 0, disruptedPods: { p: expect.any(String) as string } });
  });

  it.each<[string, Partial<policyv1.PodDisruptionBudgetStatus>, number, string, { retryAfterSeconds?: number }]>([
    ['nothing is left', {}, 429, 'The disruption budget b needs 1 healthy pods and has 1 currently', {}],
    ['the budget is not up to date', { observedGeneration: 0, disruptionsAllowed: 5 }, 429, 'The disruption budget b is still being processed by the server.', { retryAfterSeconds: 10 }],
    ['the budget failed', { conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'no scale', lastTransitionTime: '2026-01-01T00:00:00Z' }] }, 429, 'The disruption budget b does not allow evicting pods currently because it failed sync: no scale', {}],
    ['enough are healthy, but others are on their way out', { currentHealthy: 2 }, 429, 'The disruption budget b does not allow evicting pods currently', {}],
    ['enough are healthy, but the budget says why not', { currentHealthy: 2, conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: 'two are going', lastTransitionTime: '2026-01-01T00:00:00Z' }] }, 429, 'The disruption budget b does not allow evicting pods currently (InsufficientPods): two are going', {}],
  ])('is refused while %s', async (_why, status, code, cause, retry) => {
    await aPod(running(true));
    await aBudget(status);
    await expect(evicted()).rejects.toMatchObject({ code, status: { reason: 'TooManyRequests', message: "Cannot evict pod as it would violate the pod's disruption budget.", details: { causes: [{ reason: 'DisruptionBudget', message: cause }], ...retry } } });
    expect(await leaving()).toBe(false);
  });

  it('asks the budget in a dry run too, and leaves it alone', async () => {
    await aPod(running(true));
    await aBudget({ disruptionsAllowed: 1, currentHealthy: 2 });
    await evicted({}, true);
    await evicted({ deleteOptions: { dryRun: ['All'] } });
    expect([await leaving(), (await budgetNow())?.disruptionsAllowed]).toEqual([false, 1]);
    await setStatus(budgets, 'b', { observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 });
    await expect(evicted({}, true)).rejects.toMatchObject({ code: 429 });
  });

  it.each<[string, corev1.PodStatus]>([['pending', { phase: 'Pending' }], ['over', { phase: 'Failed' }]])('of a pod that is %s needs no budget', async (_what, status) => {
    await aPod(status);
    await aBudget({});
    await evicted();
    expect([await leaving(), (await budgetNow())?.disruptedPods]).toEqual([true, undefined]);
  });

  it('of a pod that is not ready is not counted while enough are healthy', async () => {
    await aPod(running(false));
    await aBudget({ currentHealthy: 1, desiredHealthy: 1 });
    await evicted();
    expect([await leaving(), (await budgetNow())?.disruptedPods]).toEqual([true, undefined]);
  });

  it('of a pod that is not ready is refused while too few are healthy, unless the budget always allows it', async () => {
    await aPod(running(false));
    await aBudget({ currentHealthy: 0, desiredHealthy: 1 });
    await expect(evicted()).rejects.toMatchObject({ code: 429 });
    await update(budgets, { namespace: 'default', name: 'b', subresource: '', createsMissing: false, compute: (current) => ({ ...(current?.parse() as Budget), spec: { ...(current?.parse() as Budget | undefined)?.spec, unhealthyPodEvictionPolicy: 'AlwaysAllow' } }) as KubeObject }, registry.context);
    await evicted();
    expect(await leaving()).toBe(true);
  });

  it.each([[false], [true]])('of a pod as it was seen, by its version (dry run: %s)', async (dryRun) => {
    await aPod(running(true));
    const seen = String((await find(pods, 'default', 'p'))?.resourceVersion);
    const preconditions = { resourceVersion: seen };
    await evicted({ deleteOptions: { preconditions } }, dryRun);
    expect(await leaving()).toBe(!dryRun);
    await setStatus(pods, 'p', running(false));
    await expect(evicted({ deleteOptions: { preconditions } }, dryRun)).rejects.toMatchObject({ code: 409 });
    expect((await podNow())?.status?.conditions?.map(({ type }) => type)).not.toContain('DisruptionTarget');
  });

  it('with two budgets cannot be decided', async () => {
    await aPod(running(true));
    await aBudget({ disruptionsAllowed: 1 });
    await aBudget({ disruptionsAllowed: 1 }, {}, 'c');
    await expect(evicted()).rejects.toMatchObject({ code: 500, message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.' });
  });

  it('names the pod that its path names', async () => {
    await aPod(running(true));
    await expect(evicted({ metadata: { name: 'q' } })).rejects.toMatchObject({ code: 400, message: 'name in URL does not match name in Eviction object' });
  });
});
