import { core, scheduling, type schedulingv1alpha2 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { planGroupProtection, podGroupProtectionController } from './controller';

const FINALIZER = 'scheduling.k8s.io/podgroup-protection';

describe('a group of pods', () => {
  const group = (held: boolean, going: boolean): schedulingv1alpha2.PodGroup => ({
    metadata: { name: 'g', ...(held ? { finalizers: [FINALIZER] } : {}), ...(going ? { deletionTimestamp: 'x' } : {}) }, spec: {} as schedulingv1alpha2.PodGroupSpec,
  });
  it.each([
    { reason: 'is protected once it has a pod', held: false, going: false, used: true, expected: 'add' },
    { reason: 'without a pod needs no protection', held: false, going: false, used: false, expected: undefined },
    { reason: 'stays protected', held: true, going: false, used: false, expected: undefined },
    { reason: 'on its way out waits for its pods', held: true, going: true, used: true, expected: undefined },
    { reason: 'on its way out is let go without pods', held: true, going: true, used: false, expected: 'remove' },
    { reason: 'on its way out is not protected any more', held: false, going: true, used: true, expected: undefined },
  ])('$reason', ({ held, going, used, expected }) => expect(planGroupProtection(group(held, going), used)).toBe(expected));

  it('that is deleted stays until its last pod has ended', async () => {
    const world = new ControllerWorld();
    world.create(scheduling.podgroups, { metadata: { name: 'g', namespace: 'default' }, spec: {} as schedulingv1alpha2.PodGroupSpec });
    await world.run(podGroupProtectionController);
    const found = (): schedulingv1alpha2.PodGroup | undefined => world.api.find(scheduling.podgroups, 'default', 'g');
    expect(found()?.metadata.finalizers).toBeUndefined();
    world.create(core.pods, { metadata: { name: 'p', namespace: 'default' }, spec: { containers: [], schedulingGroup: { podGroupName: 'g' } } });
    await world.settle();
    expect(found()?.metadata.finalizers).toEqual([FINALIZER]);
    world.api.delete(scheduling.podgroups, 'default', 'g');
    await world.settle();
    expect(found()).toBeDefined();
    world.change(core.pods, 'p', (pod) => (pod.status = { phase: 'Succeeded' }), 'status');
    await world.settle();
    expect(found()).toBeUndefined();
    await world.stop();
  });
});
