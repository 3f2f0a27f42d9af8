import { core, volumeAnnotations, type corev1 } from '@navarch/api';
import { compareQuantities, parseQuantity } from '@navarch/apimachinery';
import { done, keyOfObject, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { migrationOf } from '../../volumes/migration';

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;

const isMore = (size = '0', than = '0'): boolean => compareQuantities(parseQuantity(size), parseQuantity(than)) > 0;
const asked = ({ spec }: Claim): string | undefined => spec?.resources?.requests?.['storage'];
const given = ({ status }: Claim): string | undefined => status?.capacity?.['storage'];

/** Whether a claim asks for more than it has, or its file system has yet to grow with its volume. */
export function mustGrow(claim: Claim, { metadata }: Volume): boolean {
  return isMore(asked(claim), given(claim)) || metadata.annotations?.[volumeAnnotations.preResizeCapacity] !== undefined;
}

/**
 * Tells users who has to act when a claim asks for more. No kind of storage is built in any more that this controller
 * could let grow: who provisioned a volume does it. Mirrors syncHandler of upstream's expand_controller.go.
 */
export class ExpandReconciler implements Reconciler {
  readonly name = 'volume_expand';
  readonly claims: ObjectSource<Claim>;
  readonly volumes: ObjectSource<Volume>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('volume_expand', context);
    this.claims = context.sources.informer(core.persistentvolumeclaims);
    this.volumes = context.sources.informer(core.persistentvolumes);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const claim = this.claims.get(key);
    if (claim === undefined) return done;
    const name = claim.spec?.volumeName ?? '';
    const volume = this.volumes.get({ namespace: '', name });
    if (volume === undefined) throw new Error(`failed to get PV ${JSON.stringify(name)}: it is not there`);
    const { namespace, uid } = volume.spec?.claimRef ?? {};
    if (namespace !== key.namespace || uid !== claim.metadata.uid) throw new Error(`persistent Volume is not bound to PVC being updated : ${key.namespace}/${key.name}`);
    if (!mustGrow(claim, volume)) return done;
    const migration = migrationOf(volume);
    if (migration === undefined) this.#tell(claim, 'waiting for an external controller to expand this PVC');
    else {
      this.#tell(claim, `CSI migration enabled for ${migration.plugin}; waiting for external resizer to expand the pvc`);
      await this.#setResizer(claim, migration.driver, signal);
    }
    return done;
  }

  async #setResizer(claim: Claim, resizer: string, signal: AbortSignal): Promise<void> {
    const { storageResizer } = volumeAnnotations;
    if (claim.metadata.annotations?.[storageResizer] === resizer) return;
    await this.#context.api.patch(core.persistentvolumeclaims, keyOfObject(claim), 'merge', { metadata: { annotations: { [storageResizer]: resizer } } }, { signal });
  }

  #tell(claim: Claim, message: string): void {
    this.#events.event({ ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }, 'Normal', 'ExternalExpanding', message);
  }
}

export function expandController(context: ControllerContext): RunningController {
  const reconciler = new ExpandReconciler(context);
  const { claims, volumes } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(claims), read(volumes)],
    watch: (controller) => {
      const wakeBound = (claim: Claim): void => {
        if (claim.status?.phase === 'Bound') controller.enqueueObject(claim);
      };
      return [
        claims.addHandler({
          onAdd: wakeBound,
          // What else changes is no news: users are told once of each growth.
          onUpdate: (before, claim) => {
            if (isMore(asked(claim), asked(before)) || isMore(given(claim), given(before))) wakeBound(claim);
          },
        }),
      ];
    },
  }, context);
}
