import { claimsOfPod, core, storage, type corev1, type storagev1 } from '@navarch/api';
import { formatNamespacedName } from '@navarch/apimachinery';
import { done, isPodTerminal, keyOfObject, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { Gauge } from 'prom-client';
import { recorderFor, type ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { byClaim } from '../../volumes/pods-of-claim';
import { isMounted, volumeLabel } from './pod-labels';
import { conflictMessage, VolumeUsers, type Conflict } from './volume-users';

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;
type Driver = storagev1.CSIDriver;

const NAME = 'selinux-warning-controller';
const keyOf = (pod: string): ObjectKey => {
  const [namespace = '', name = ''] = pod.split('/');
  return { namespace, name };
};

interface Used {
  /** Which it is, among all. */
  readonly id: string;
  /** Empty for what is no driver's. */
  readonly driver: string;
  readonly canMountWithLabel: boolean;
}

/** Tells of pods that want one volume labelled in different ways for SELinux: only one of them may use it on a node. Keys are pods. */
export class SELinuxWarningReconciler implements Reconciler {
  readonly name = NAME;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly claims: ObjectSource<Claim>;
  readonly volumes: ObjectSource<Volume>;
  readonly drivers: ObjectSource<Driver>;
  readonly users = new VolumeUsers();
  readonly #events: EventRecorder;

  constructor(context: ControllerContext) {
    this.#events = recorderFor(NAME, context);
    this.pods = context.sources.informer(core.pods, { indexes: byClaim });
    this.claims = context.sources.informer(core.persistentvolumeclaims);
    this.volumes = context.sources.informer(core.persistentvolumes);
    this.drivers = context.sources.informer(storage.csidrivers);
    const { users } = this;
    new Gauge({
      name: 'selinux_warning_controller_selinux_volume_conflict', help: 'Conflict between two Pods using the same volume', registers: [context.registry],
      labelNames: ['property', 'pod1_namespace', 'pod1_name', 'pod1_value', 'pod2_namespace', 'pod2_name', 'pod2_value'],
      collect() {
        this.reset();
        for (const { property, pod, value, otherPod, otherValue } of users.conflicts()) {
          const [one, two] = [keyOf(pod), keyOf(otherPod)];
          this.set({ property, pod1_namespace: one.namespace, pod1_name: one.name, pod1_value: value, pod2_namespace: two.namespace, pod2_name: two.name, pod2_value: otherValue }, 1);
        }
      },
    });
  }

  reconcile(key: ObjectKey): Promise<Result> {
    const id = formatNamespacedName(key);
    const pod = this.pods.get(key);
    if (pod === undefined || isPodTerminal(pod)) {
      this.users.remove(id);
      return Promise.resolve(done);
    }
    for (const { volume: name, claimName } of claimsOfPod(pod).filter(({ volume }) => isMounted(pod, volume))) {
      const used = this.#usedBy({ namespace: key.namespace, name: claimName });
      if (used === undefined) continue;
      const label = volumeLabel(pod, name, used.canMountWithLabel);
      if (label === undefined) this.#tell(key, 'Warning', 'MultipleSELinuxLabels', `Volume ${JSON.stringify(name)} is mounted twice with different SELinux labels inside this pod`);
      else this.users.use(used.id, used.driver, id, label).forEach((conflict) => this.#tellOf(conflict));
    }
    return Promise.resolve(done);
  }

  /** The volume of a claim; undefined while it has none, and for kinds that are never labelled by their mount. */
  #usedBy(claim: ObjectKey): Used | undefined {
    const name = this.claims.get(claim)?.spec?.volumeName ?? '';
    const spec = this.volumes.get({ namespace: '', name })?.spec;
    if (spec?.csi !== undefined) {
      const { driver, volumeHandle } = spec.csi;
      return { id: `kubernetes.io/csi/${driver}^${volumeHandle}`, driver, canMountWithLabel: this.drivers.get({ namespace: '', name: driver })?.spec.seLinuxMount === true };
    }
    return spec?.iscsi !== undefined || spec?.fc !== undefined ? { id: `pv/${name}`, driver: '', canMountWithLabel: true } : undefined;
  }

  #tellOf(conflict: Conflict): void {
    this.#tell(keyOf(conflict.pod), 'Normal', `${conflict.property}Conflict`, conflictMessage(conflict));
  }

  #tell(key: ObjectKey, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const pod = this.pods.get(key);
    if (pod !== undefined) this.#events.event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, type, reason, message);
  }
}

export function selinuxWarningController(context: ControllerContext): RunningController {
  const reconciler = new SELinuxWarningReconciler(context);
  const { pods, claims, volumes, drivers, users } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(pods), read(claims), read(volumes), read(drivers)],
    watch: (controller) => {
      const wake = (pod: corev1.Pod): void => controller.enqueueObject(pod);
      const wakeUsers = (claim: ObjectKey): void => pods.byIndex('claim', formatNamespacedName(claim)).forEach(wake);
      const wakeClaimed = ({ spec }: Volume): void => {
        const { namespace = '', name = '', uid = '' } = spec?.claimRef ?? {};
        if (uid !== '') wakeUsers({ namespace, name });
      };
      const wakeDriver = ({ metadata }: Driver): void => users.podsOfDriver(metadata.name ?? '').forEach((pod) => controller.enqueue(keyOf(pod)));
      return [
        pods.addHandler({
          onAdd: wake,
          // What else may change of a pod says nothing of its volumes.
          onUpdate: (previous, pod) => {
            if (isPodTerminal(pod) && !isPodTerminal(previous)) wake(pod);
          },
          onDelete: wake,
        }),
        claims.addHandler({
          onAdd: (claim) => wakeUsers(keyOfObject(claim)),
          onUpdate: (previous, claim) => {
            if (previous.spec?.volumeName !== claim.spec?.volumeName) wakeUsers(keyOfObject(claim));
          },
        }),
        volumes.addHandler({
          onAdd: wakeClaimed,
          onUpdate: (previous, volume) => {
            if (previous.spec?.claimRef?.uid !== volume.spec?.claimRef?.uid) wakeClaimed(volume);
          },
        }),
        drivers.addHandler({
          onAdd: wakeDriver,
          onUpdate: (previous, driver) => {
            if ((previous.spec.seLinuxMount ?? false) !== (driver.spec.seLinuxMount ?? false)) wakeDriver(driver);
          },
          onDelete: wakeDriver,
        }),
      ];
    },
  }, context);
}
