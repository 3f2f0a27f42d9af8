import { core, scheduling, type corev1, type schedulingv1alpha2 } from '@navarch/api';
import { formatNamespacedName } from '@navarch/apimachinery';
import { done, isPodTerminal, keyOfObject, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { withFinalizer, withoutFinalizer } from '../../protection-finalizer';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';
import { whereServed } from '../../where-served';

type PodGroup = schedulingv1alpha2.PodGroup;

const FINALIZER = 'scheduling.k8s.io/podgroup-protection';

const groupOf = ({ metadata, spec }: corev1.Pod): ObjectKey | undefined => {
  const name = spec?.schedulingGroup?.podGroupName;
  return name === undefined ? undefined : { namespace: metadata.namespace ?? '', name };
};
const byGroup = {
  podGroup: (pod: corev1.Pod): readonly string[] => {
    const group = groupOf(pod);
    return group === undefined ? [] : [formatNamespacedName(group)];
  },
};

/** What to do about the finalizer of a group: unlike other protections, one that nobody uses needs none. Mirrors upstream's podgroupprotection controller. */
export function planGroupProtection({ metadata }: PodGroup, isUsed: boolean): 'add' | 'remove' | undefined {
  const has = metadata.finalizers?.includes(FINALIZER) === true;
  if (metadata.deletionTimestamp === undefined) return has || !isUsed ? undefined : 'add';
  return has && !isUsed ? 'remove' : undefined;
}

/** Keeps PodGroups from going as long as one of their pods has not ended. */
export class PodGroupProtectionReconciler implements Reconciler {
  readonly name = 'podgroupprotection';
  readonly groups: ObjectSource<PodGroup>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.groups = context.sources.informer(scheduling.podgroups);
    this.pods = context.sources.informer(core.pods, { indexes: byGroup });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const group = this.groups.get(key);
    if (group === undefined) return done;
    const isUsed = this.pods.byIndex('podGroup', formatNamespacedName(keyOfObject(group))).some((pod) => !isPodTerminal(pod));
    const plan = planGroupProtection(group, isUsed);
    if (plan !== undefined) await this.#context.api.update(scheduling.podgroups, plan === 'add' ? withFinalizer(group, FINALIZER) : withoutFinalizer(group, FINALIZER), { signal });
    return done;
  }
}

export const podGroupProtectionController = whereServed({ name: 'podgroup-protection-controller', types: [scheduling.podgroups], reads: [core.pods], create: (context): RunningController => {
  const reconciler = new PodGroupProtectionReconciler(context);
  const { groups, pods } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(groups), read(pods)],
    watch: (controller) => {
      const wake = (pod: corev1.Pod): void => {
        const group = groupOf(pod);
        if (group !== undefined) controller.enqueue(group);
      };
      // A pod that runs on changes nothing: one that is new has no node yet.
      const wakeIfCounted = (pod: corev1.Pod): void => {
        if (isPodTerminal(pod) || (pod.spec?.nodeName ?? '') === '') wake(pod);
      };
      return [
        wakeSelf(groups, controller),
        pods.addHandler({
          onAdd: wakeIfCounted,
          onUpdate: (previous, pod) => {
            wakeIfCounted(pod);
            // One that went and came again under its name within one piece of news.
            if (previous.metadata.uid !== pod.metadata.uid) wake(previous);
          },
          onDelete: wake,
        }),
      ];
    },
  }, context);
} });
