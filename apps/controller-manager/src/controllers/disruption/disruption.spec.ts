import { apiextensions, apps, core, policy, type corev1, type KubeObject, type metav1, type policyv1, type ResourceType } from '@navarch/api';
import { controllerReference } from '@navarch/reconcile';
import { ControllerWorld } from '../../testing/controller-world';
import { disruptionController } from './controller';

const budget = (spec: policyv1.PodDisruptionBudgetSpec): policyv1.PodDisruptionBudget => ({ metadata: { name: 'web', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'web' } }, ...spec } });

describe('PodDisruptionBudgets', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());

  const pod = (name: string, ready: boolean, owner?: metav1.OwnerReference): corev1.Pod => {
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
    return world.create(core.pods, { metadata: { name, namespace: 'default', labels: { app: 'web' }, ...(owner === undefined ? {} : { ownerReferences: [owner] }) }, spec: { containers: [] }, status: { phase: 'Running', conditions } });
  };
  /** A Deployment of this size with two ReplicaSets amid a roll-out. */
  const owners = (replicas: number): metav1.OwnerReference[] => {
    const deployment = world.create(apps.deployments, { metadata: { name: 'web', namespace: 'default' }, spec: { replicas, selector: {}, template: {} } });
    return ['web-1', 'web-2'].map((name) => {
      const replicaSet = world.create(apps.replicasets, { metadata: { name, namespace: 'default', ownerReferences: [controllerReference(apps.deployments, deployment)] }, spec: { replicas: 9, selector: {} } });
      return controllerReference(apps.replicasets, replicaSet);
    });
  };
  const run = async (spec: policyv1.PodDisruptionBudgetSpec): Promise<policyv1.PodDisruptionBudgetStatus | undefined> => {
    world.create(policy.poddisruptionbudgets, budget(spec));
    await world.run(disruptionController);
    return status();
  };
  const status = (): policyv1.PodDisruptionBudgetStatus | undefined => world.get(policy.poddisruptionbudgets, 'web').status;

  it.each([
    { spec: { minAvailable: 3 }, expected: { expectedPods: 5, desiredHealthy: 3, currentHealthy: 4, disruptionsAllowed: 1 } },
    { spec: { minAvailable: '50%' }, expected: { expectedPods: 6, desiredHealthy: 3, currentHealthy: 4, disruptionsAllowed: 1 } },
    { spec: { maxUnavailable: 1 }, expected: { expectedPods: 6, desiredHealthy: 5, currentHealthy: 4, disruptionsAllowed: 0 } },
    { spec: { maxUnavailable: '40%' }, expected: { expectedPods: 6, desiredHealthy: 3, currentHealthy: 4, disruptionsAllowed: 1 } },
  ])('allow by $spec what the size of the owners allows', async ({ spec, expected }) => {
    const [first, second] = owners(6);
    for (const name of ['a', 'b', 'c']) pod(name, true, first);
    pod('d', true, second);
    pod('e', false, second);
    expect(await run(spec)).toMatchObject({
      ...expected, observedGeneration: 1, conditions: [{ type: 'DisruptionAllowed', status: expected.disruptionsAllowed > 0 ? 'True' : 'False', reason: expected.disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods' }],
    });
  });

  it('allow nothing while they match nothing', async () => {
    expect(await run({ maxUnavailable: 1 })).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
    expect(world.eventsOf('web')).toEqual(['NoPods: No matching pods found']);
  });

  it('count the pods of a StatefulSet by its size', async () => {
    const set = world.create(apps.statefulsets, { metadata: { name: 'db', namespace: 'default' }, spec: { replicas: 3, selector: {}, template: {} } });
    for (const name of ['a', 'b', 'c']) pod(name, true, controllerReference(apps.statefulsets, set));
    expect(await run({ maxUnavailable: 1 })).toMatchObject({ expectedPods: 3, disruptionsAllowed: 1 });
  });

  it('ask owners of custom kinds for their scale', async () => {
    world.create(apiextensions.customresourcedefinitions, {
      metadata: { name: 'wheels.example.com' },
      spec: { group: 'example.com', scope: 'Namespaced', names: { kind: 'Wheel', plural: 'wheels' }, versions: [{ name: 'v1', served: true, storage: true }] },
      status: { conditions: [{ type: 'Established', status: 'True' }] },
    });
    const wheels: ResourceType<KubeObject> = { group: 'example.com', version: 'v1', resource: 'wheels', kind: 'Wheel', namespaced: true };
    const spec = { replicas: 4 };
    const wheel = world.create(wheels, { metadata: { name: 'w', namespace: 'default' }, ...{ spec } });
    for (const name of ['a', 'b', 'c']) pod(name, true, controllerReference(wheels, wheel));
    expect(await run({ maxUnavailable: 2 })).toMatchObject({ expectedPods: 4, desiredHealthy: 2, disruptionsAllowed: 1 });
  });

  it('allow nothing if they say neither how many must be there nor how many may be missing', async () => {
    pod('a', true);
    expect(await run({})).toMatchObject({ expectedPods: 0, currentHealthy: 1, disruptionsAllowed: 0 });
  });

  it.each([
    { apiVersion: 'example.com/v1', kind: 'Wheel', message: 'no matches for kind "Wheel" in version "example.com/v1"' },
    { apiVersion: 'batch/v1', kind: 'Job', message: 'jobs.batch does not implement the scale subresource' },
    { apiVersion: 'v1', kind: 'ReplicationController', message: 'found no controllers for pod "a"' },
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', message: 'found no controllers for pod "a"' },
  ])('allow nothing when a $kind that is not there owns pods, and say so', async ({ apiVersion, kind, message }) => {
    pod('a', true, { apiVersion, kind, name: 'w', uid: 'w', controller: true });
    expect(await run({ maxUnavailable: 1 })).toMatchObject({ disruptionsAllowed: 0, conditions: [{ status: 'False', reason: 'SyncFailed', message, observedGeneration: 0 }] });
    expect(world.get(policy.poddisruptionbudgets, 'web').status?.observedGeneration).toBeUndefined();
    expect(world.eventsOf('web')).toContain(`CalculateExpectedPodCountFailed: Failed to calculate the number of expected pods: ${message}`);
  });

  it('do not count pods whose eviction is under way, for two minutes', async () => {
    for (const name of ['a', 'b', 'c']) pod(name, true);
    await run({ minAvailable: 1 });
    const since = new Date(world.clock.now()).toISOString().replace('.000', '');
    world.change(policy.poddisruptionbudgets, 'web', (object) => (object.status = { ...object.status, disruptionsAllowed: 1, disruptedPods: { a: since } }), 'status');
    await world.settle();
    expect(status()).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1, disruptedPods: { a: since } });
    await world.clock.advance(121_000);
    await world.settle();
    expect(status()).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 2 });
    expect(status()?.disruptedPods).toBeUndefined();
    expect(world.eventsOf('a')).toEqual(["NotDeleted: Pod was expected by PDB default/web to be deleted but it wasn't"]);
  });

  it('follow their pods as they come, go and change', async () => {
    pod('a', true);
    await run({ minAvailable: 1 });
    expect(status()?.disruptionsAllowed).toBe(0);
    pod('b', true);
    await world.settle();
    expect(status()?.disruptionsAllowed).toBe(1);
    world.change(core.pods, 'a', (object) => (object.metadata.labels = { app: 'other' }));
    await world.settle();
    expect(status()).toMatchObject({ disruptionsAllowed: 0, expectedPods: 1 });
  });

  it.each([
    { reason: 'EvictionByEvictionAPI', status: 'False' },
    // A kubelet takes its time.
    { reason: 'TerminationByKubelet', status: 'True' },
  ])('say $status of a pod that was to be removed by $reason and stayed', async ({ reason, status: expected }) => {
    pod('a', true);
    const lastTransitionTime = new Date(world.clock.now()).toISOString();
    world.change(core.pods, 'a', (object) => object.status!.conditions!.push({ type: 'DisruptionTarget', status: 'True', reason, lastTransitionTime }), 'status');
    await run({ minAvailable: 1 });
    await world.clock.advance(121_000);
    await world.settle();
    expect(world.get(core.pods, 'a').status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.status).toBe(expected);
  });
});
