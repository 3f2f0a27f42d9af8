import { claimsOfPod, core, isClaimForPod, type corev1 } from '@navarch/api';
import { done, isPodTerminal, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { planProtection, withFinalizer, withoutFinalizer } from '../../protection-finalizer';
import { read, runningController, type RunningController } from '../../running-controller';
import { byClaim, podsOfClaim } from '../../volumes/pods-of-claim';
import { wakeSelf } from '../../wake-owner';

const FINALIZER = 'kubernetes.io/pvc-protection';

/** Keeps claims that pods use from being deleted. */
export class PvcProtectionReconciler implements Reconciler {
  readonly name = 'pvcprotection';
  readonly claims: ObjectSource<corev1.PersistentVolumeClaim>;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.claims = context.sources.informer(core.persistentvolumeclaims);
    this.pods = context.sources.informer(core.pods, { indexes: byClaim });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api } = this.#context;
    const claim = this.claims.get(key);
    if (claim === undefined) return done;
    const plan = planProtection(claim, FINALIZER, () => podsOfClaim(this.pods, claim).some((pod) => holds(pod, claim)));
    if (plan === 'add') await api.update(core.persistentvolumeclaims, withFinalizer(claim, FINALIZER), { signal });
    if (plan !== 'remove') return done;
    // Data may be lost: ask who knows for certain.
    const { items } = await api.list(core.pods, { namespace: key.namespace, signal });
    if (!items.some((pod) => holds(pod, claim))) await api.update(core.persistentvolumeclaims, withoutFinalizer(claim, FINALIZER), { signal });
    return done;
  }
}

/** A pod without a node will not be started with a claim on its way out. One that its node has let go of holds nothing it owns. */
function holds(pod: corev1.Pod, claim: corev1.PersistentVolumeClaim): boolean {
  if ((pod.spec?.nodeName ?? '') === '') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  const isShutDown = deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0;
  return claimsOfPod(pod).some(({ claimName, ephemeral }) => claimName === claim.metadata.name && (!ephemeral || (!isShutDown && isClaimForPod(claim, pod))));
}

/** Whether a pod may no longer be in the way of a claim on its way out. */
function mayHaveLetGo(pod: corev1.Pod): boolean {
  return isPodTerminal(pod) || pod.metadata.deletionGracePeriodSeconds === 0 || (pod.spec?.nodeName ?? '') === '';
}

export function pvcProtectionController(context: ControllerContext): RunningController {
  const reconciler = new PvcProtectionReconciler(context);
  const { claims, pods } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(claims), read(pods)],
    watch: (controller) => {
      const wake = (pod: corev1.Pod): void => {
        for (const { claimName: name } of claimsOfPod(pod)) controller.enqueue({ namespace: pod.metadata.namespace ?? '', name });
      };
      return [
        wakeSelf(claims, controller),
        pods.addHandler({
          onDelete: wake,
          onAdd: (pod) => {
            if (mayHaveLetGo(pod)) wake(pod);
          },
          onUpdate: (previous, pod) => {
            if (mayHaveLetGo(pod)) wake(pod);
            // One that went and came again under its name within one piece of news.
            if (previous.metadata.uid !== pod.metadata.uid) wake(previous);
          },
        }),
      ];
    },
  }, context);
}
