import { core, type corev1 } from '@navarch/api';
import { compareQuantities, parseQuantity } from '@navarch/apimachinery';
import { done, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';

/** Whether a bound claim asks for more than its volume has. */
export function wantsMore(claim: corev1.PersistentVolumeClaim, volume: corev1.PersistentVolume): boolean {
  const [asked, there] = [claim.spec?.resources?.requests?.['storage'], claim.status?.capacity?.['storage'] ?? volume.spec?.capacity?.['storage']];
  return claim.status?.phase === 'Bound' && asked !== undefined && there !== undefined && compareQuantities(parseQuantity(asked), parseQuantity(there)) > 0;
}

/**
 * Tells users who has to act when a claim asks for more. No kind of storage is built in any more that this controller
 * could let grow: who provisioned a volume does it.
 */
export class ExpandReconciler implements Reconciler {
  readonly name = 'volume_expand';
  readonly claims: ObjectSource<corev1.PersistentVolumeClaim>;
  readonly volumes: ObjectSource<corev1.PersistentVolume>;
  readonly #events: EventRecorder;
  /** Claims by uid with the size that was told of. */
  readonly #told = new Map<string, string>();

  constructor(context: ControllerContext) {
    this.#events = recorderFor('volume_expand', context);
    this.claims = context.sources.informer(core.persistentvolumeclaims);
    this.volumes = context.sources.informer(core.persistentvolumes);
  }

  reconcile(key: ObjectKey): Promise<Result> {
    const claim = this.claims.get(key);
    const volume = this.volumes.get({ namespace: '', name: claim?.spec?.volumeName ?? '' });
    const uid = claim?.metadata.uid ?? '';
    if (claim === undefined || volume === undefined || !wantsMore(claim, volume)) {
      this.#told.delete(uid);
      return Promise.resolve(done);
    }
    const asked = claim.spec?.resources?.requests?.['storage'] ?? '';
    if (this.#told.get(uid) === asked) return Promise.resolve(done);
    this.#told.set(uid, asked);
    const type = volume.spec?.csi === undefined ? 'Warning' : 'Normal';
    this.#events.event({ ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }, type, 'ExternalExpanding', "Ignoring the PVC: didn't find a plugin capable of expanding the volume; waiting for an external controller to process this PVC.");
    return Promise.resolve(done);
  }
}

export function expandController(context: ControllerContext): RunningController {
  const reconciler = new ExpandReconciler(context);
  const { claims, volumes } = reconciler;
  return runningController({ reconciler, workers: 1, reads: [read(claims), read(volumes)], watch: (controller) => [wakeSelf(claims, controller)] }, context);
}
