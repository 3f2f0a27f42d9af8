import { apps, core, type appsv1, type corev1 } from '@navarch/api';
import { forbidden, timeout } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { replicaSetController } from './controller';

const replicaSet = (replicas: number, spec: Partial<appsv1.ReplicaSetSpec> = {}): appsv1.ReplicaSet => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web', extra: '1' } }, spec: { containers: [] } }, ...spec },
});
const pod = (name: string, labels: Record<string, string> = { app: 'web' }): corev1.Pod => ({ metadata: { name, namespace: 'default', labels }, spec: { containers: [] } });

describe('ReplicaSets', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld()));
  afterEach(() => world.stop());
  const run = (): Promise<void> => world.run(replicaSetController);
  const scale = (replicas: number): void => world.change(apps.replicasets, 'web', (object) => (object.spec!.replicas = replicas));

  it('make exactly as many pods as asked for, from their template', async () => {
    world.create(apps.replicasets, replicaSet(25));
    await run();
    await world.untilQuiet();
    const pods = world.all(core.pods);
    expect(pods).toHaveLength(25);
    expect(pods[0]?.metadata).toMatchObject({ labels: { app: 'web', extra: '1' }, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', controller: true, blockOwnerDeletion: true }] });
    expect(pods[0]?.metadata.generateName).toBe('web-');
    expect(world.get(apps.replicasets, 'web').status).toEqual({ replicas: 25, fullyLabeledReplicas: 25, readyReplicas: 25, availableReplicas: 25, observedGeneration: 1, terminatingReplicas: 0 });
  });

  it('replace a pod that is deleted or has failed', async () => {
    world.create(apps.replicasets, replicaSet(2));
    await run();
    await world.untilQuiet();
    const [first, second] = world.all(core.pods);
    world.api.delete(core.pods, 'default', first?.metadata.name ?? '', { gracePeriodSeconds: 0 });
    world.change(core.pods, second?.metadata.name ?? '', (object) => (object.status = { phase: 'Failed' }), 'status');
    await world.settle();
    expect(world.all(core.pods).filter(({ status }) => status?.phase !== 'Failed')).toHaveLength(2);
  });

  it('adopt orphans that match and let go of pods that no longer do', async () => {
    world.create(core.pods, pod('orphan'));
    world.create(core.pods, pod('other', { app: 'db' }));
    world.create(apps.replicasets, replicaSet(2));
    await run();
    await world.settle();
    expect(world.get(core.pods, 'orphan').metadata.ownerReferences?.[0]?.name).toBe('web');
    expect(world.all(core.pods)).toHaveLength(3);
    world.change(core.pods, 'orphan', (object) => (object.metadata.labels = { app: 'debug' }));
    await world.settle();
    expect(world.get(core.pods, 'orphan').metadata.ownerReferences ?? []).toEqual([]);
    expect(world.all(core.pods)).toHaveLength(4);
  });

  it('become the controller of pods that name them, or others, as owners only', async () => {
    world.create(apps.replicasets, replicaSet(2));
    const { uid = '' } = world.get(apps.replicasets, 'web').metadata;
    const owned = (name: string, kind: string, owner: string): corev1.Pod => ({ ...pod(name), metadata: { ...pod(name).metadata, ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'web', uid: owner, controller: false }] } });
    world.create(core.pods, owned('mine', 'ReplicaSet', uid));
    world.create(core.pods, owned('shared', 'StatefulSet', 'other'));
    await run();
    const controllers = (name: string): unknown => world.get(core.pods, name).metadata.ownerReferences?.map((reference) => `${reference.kind} ${reference.controller}`);
    expect([controllers('mine'), controllers('shared')]).toEqual([['ReplicaSet true'], ['StatefulSet false', 'ReplicaSet true']]);
  });

  it('remove the pods that matter least, and say so', async () => {
    world.create(apps.replicasets, replicaSet(3));
    await run();
    const [running] = world.all(core.pods);
    world.runPods(({ metadata }) => metadata.name === running?.metadata.name);
    await world.settle();
    scale(1);
    await world.settle();
    expect(world.all(core.pods).map(({ metadata }) => metadata.name)).toEqual([running?.metadata.name]);
    expect(world.eventsOf('web').filter((event) => event.startsWith('SuccessfulDelete: Deleted pod: web-'))).toHaveLength(2);
  });

  it('are met by few refusals when pods cannot be made, and try again', async () => {
    world.create(apps.replicasets, replicaSet(100));
    let refusals = 0;
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case !== 'create' || operation.value.key?.resource?.resource !== 'pods') return;
      refusals++;
      throw forbidden({ group: '', resource: 'pods' }, 'web-x', 'exceeded quota');
    };
    await run();
    expect(refusals).toBeLessThan(5);
    expect(world.get(apps.replicasets, 'web').status?.conditions).toMatchObject([{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'pods "web-x" is forbidden: exceeded quota' }]);
    world.transport.beforeWrite = undefined;
    await world.clock.advance(10_000);
    expect(world.all(core.pods)).toHaveLength(100);
    expect(world.get(apps.replicasets, 'web').status?.conditions).toBeUndefined();
  });

  it('end with the right number though the outcome of a write is unknown', async () => {
    world.create(apps.replicasets, replicaSet(5));
    let lost = false;
    world.transport.beforeWrite = () => {
      if (lost) return;
      lost = true;
      throw timeout('lost');
    };
    await run();
    await world.clock.advance(10_000);
    await world.untilQuiet();
    expect(world.all(core.pods)).toHaveLength(5);
  });

  it('count a pod as available when it has been ready for long enough', async () => {
    world.create(apps.replicasets, replicaSet(1, { minReadySeconds: 10 }));
    await run();
    world.runPods();
    await world.clock.advance(9_000);
    expect(world.get(apps.replicasets, 'web').status).toMatchObject({ readyReplicas: 1 });
    expect(world.get(apps.replicasets, 'web').status?.availableReplicas).toBeUndefined();
    await world.clock.advance(1_000);
    expect(world.get(apps.replicasets, 'web').status?.availableReplicas).toBe(1);
  });

  it('that are being deleted make nothing', async () => {
    world.create(apps.replicasets, { ...replicaSet(3), metadata: { name: 'web', namespace: 'default', finalizers: ['x/y'] } });
    world.api.delete(apps.replicasets, 'default', 'web');
    await run();
    expect(world.all(core.pods)).toEqual([]);
  });
});
