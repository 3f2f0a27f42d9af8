import { core, storage, type corev1, type storagev1 } from '@navarch/api';
import { done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { planProtection, withFinalizer, withoutFinalizer } from '../../protection-finalizer';
import { read, runningController, type RunningController } from '../../running-controller';
import { wakeSelf } from '../../wake-owner';

const FINALIZER = 'kubernetes.io/vac-protection';

const named = (...names: (string | undefined)[]): string[] => [...new Set(names.filter((name) => name !== undefined && name !== ''))] as string[];

/** The classes that a claim asks for, has, or is on its way to. */
const classesOfClaim = ({ spec, status }: corev1.PersistentVolumeClaim): string[] =>
  named(spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName, status?.modifyVolumeStatus?.targetVolumeAttributesClassName);
const classesOfVolume = ({ spec }: corev1.PersistentVolume): string[] => named(spec?.volumeAttributesClassName);

/** Keeps VolumeAttributesClasses from being deleted while a claim or a volume uses them. */
export class VacProtectionReconciler implements Reconciler {
  readonly name = 'vacprotection';
  readonly classes: ObjectSource<storagev1.VolumeAttributesClass>;
  readonly claims: ObjectSource<corev1.PersistentVolumeClaim>;
  readonly volumes: ObjectSource<corev1.PersistentVolume>;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.classes = context.sources.informer(storage.volumeattributesclasses);
    this.claims = context.sources.informer(core.persistentvolumeclaims, { indexes: { attributesClass: classesOfClaim } });
    this.volumes = context.sources.informer(core.persistentvolumes, { indexes: { attributesClass: classesOfVolume } });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const found = this.classes.get(key);
    if (found === undefined) return done;
    const plan = planProtection(found, FINALIZER, () => this.#isUsed(key.name));
    // Who has begun to use it since our caches were filled must not lose it: the API itself is asked before it is let go.
    if (plan === undefined || (plan === 'remove' && (await this.#isUsedNow(key.name, signal)))) return done;
    await this.#context.api.update(storage.volumeattributesclasses, plan === 'add' ? withFinalizer(found, FINALIZER) : withoutFinalizer(found, FINALIZER), { signal });
    return done;
  }

  #isUsed(name: string): boolean {
    return this.claims.byIndex('attributesClass', name).length + this.volumes.byIndex('attributesClass', name).length > 0;
  }

  async #isUsedNow(name: string, signal: AbortSignal): Promise<boolean> {
    const { api } = this.#context;
    const [claims, volumes] = await Promise.all([api.list(core.persistentvolumeclaims, { signal }), api.list(core.persistentvolumes, { signal })]);
    return claims.items.some((claim) => classesOfClaim(claim).includes(name)) || volumes.items.some((volume) => classesOfVolume(volume).includes(name));
  }
}

export function vacProtectionController(context: ControllerContext): RunningController {
  const reconciler = new VacProtectionReconciler(context);
  const { classes, claims, volumes } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(classes), read(claims), read(volumes)],
    watch: (controller) => {
      const wake = (names: readonly string[]): void => names.forEach((name) => controller.enqueue({ namespace: '', name }));
      return [
        wakeSelf(classes, controller),
        // A class that nobody names any more may go.
        claims.addHandler({ onUpdate: (previous) => wake(classesOfClaim(previous)), onDelete: (claim) => wake(classesOfClaim(claim)) }),
        volumes.addHandler({ onUpdate: (previous) => wake(classesOfVolume(previous)), onDelete: (volume) => wake(classesOfVolume(volume)) }),
      ];
    },
  }, context);
}
