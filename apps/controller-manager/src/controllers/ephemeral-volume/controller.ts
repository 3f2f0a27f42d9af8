import { core, type corev1 } from '@navarch/api';
import { done, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { Counter } from 'prom-client';
import { recorderFor, type ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { byClaim } from '../../volumes/pods-of-claim';
import { planEphemeralClaims } from './sync';

const hasEphemeral = ({ spec }: corev1.Pod): boolean => spec?.volumes?.some(({ ephemeral }) => ephemeral !== undefined) === true;

/** Makes the claims that pods bring with them. */
export class EphemeralVolumeReconciler implements Reconciler {
  readonly name = 'ephemeral_volume';
  readonly pods: ObjectSource<corev1.Pod>;
  readonly claims: ObjectSource<corev1.PersistentVolumeClaim>;
  readonly #context: ControllerContext;
  readonly #events: EventRecorder;
  readonly #created: Counter;
  readonly #failed: Counter;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = recorderFor('ephemeral_volume', context);
    const registers = [context.registry];
    this.#created = new Counter({ name: 'ephemeral_volume_controller_create_total', help: 'Number of PersistentVolumeClaim creation requests', registers });
    this.#failed = new Counter({ name: 'ephemeral_volume_controller_create_failures_total', help: 'Number of PersistentVolumeClaim creation request failures', registers });
    this.pods = context.sources.informer(core.pods, { indexes: byClaim });
    this.claims = context.sources.informer(core.persistentvolumeclaims);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const pod = this.pods.get(key);
    if (pod === undefined) return done;
    const { create, refused } = planEphemeralClaims(pod, (name) => this.claims.get({ namespace: key.namespace, name }));
    for (const { volume, claim } of create) {
      this.#created.inc();
      await this.#context.api.create(core.persistentvolumeclaims, claim, { signal }).catch((error: unknown) => {
        this.#failed.inc();
        this.#fail(pod, volume, `create PVC ${claim.metadata.name ?? ''}: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
    if (refused !== undefined) this.#fail(pod, refused.volume, refused.message);
    return done;
  }

  #fail(pod: corev1.Pod, volume: string, message: string): never {
    const { namespace = '', name = '' } = pod.metadata;
    this.#events.event({ ...pod, apiVersion: 'v1', kind: 'Pod' }, 'Warning', 'FailedBinding', `ephemeral volume ${volume}: ${message}`);
    throw new Error(`pod ${namespace}/${name}, ephemeral volume ${volume}: ${message}`);
  }
}

export function ephemeralVolumeController(context: ControllerContext): RunningController {
  const reconciler = new EphemeralVolumeReconciler(context);
  const { pods, claims } = reconciler;
  return runningController({
    reconciler,
    workers: context.config.concurrentEphemeralvolumeSyncs,
    reads: [read(pods), read(claims)],
    watch: (controller) => {
      const wake = (pod: corev1.Pod): void => {
        if (hasEphemeral(pod) && pod.metadata.deletionTimestamp === undefined) controller.enqueueObject(pod);
      };
      return [
        pods.addHandler({ onAdd: wake }),
        // One that is gone is made again, as long as the pod is there.
        claims.addHandler({ onDelete: ({ metadata: { namespace = '', name = '' } }) => pods.byIndex('claim', `${namespace}/${name}`).forEach(wake) }),
      ];
    },
  }, context);
}
