import { core, type corev1 } from '@navarch/api';
import { done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { planProtection, withFinalizer, withoutFinalizer } from '../../protection-finalizer';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';

const FINALIZER = 'kubernetes.io/pv-protection';

/** Keeps volumes that are bound from being deleted. */
export class PvProtectionReconciler implements Reconciler {
  readonly name = 'pvprotection';
  readonly volumes: ObjectSource<corev1.PersistentVolume>;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.volumes = context.sources.informer(core.persistentvolumes);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const volume = this.volumes.get(key);
    if (volume === undefined) return done;
    const plan = planProtection(volume, FINALIZER, () => volume.status?.phase === 'Bound');
    if (plan !== undefined) await this.#context.api.update(core.persistentvolumes, plan === 'add' ? withFinalizer(volume, FINALIZER) : withoutFinalizer(volume, FINALIZER), { signal });
    return done;
  }
}

export function pvProtectionController(context: ControllerContext): RunningController {
  const reconciler = new PvProtectionReconciler(context);
  const { volumes } = reconciler;
  return runningController({ reconciler, workers: 1, reads: [read(volumes)], watch: (controller) => [wakeSelf(volumes, controller)] }, context);
}
