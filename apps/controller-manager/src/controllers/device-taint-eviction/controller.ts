import { core, resource as dra, type corev1, type resourcev1 } from '@navarch/api';
import { canonicalJson, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { TimedEvictions } from '../../pods/timed-evictions';
import { read, runningController, type RunningController } from '../../running-controller';
import { deviceEvictionTime, DeviceTaints, poolKey } from './sync';

type Claim = resourcev1.ResourceClaim;
type Slice = resourcev1.ResourceSlice;

/** Claims by the pools that their devices are of. */
const byPool = { pool: ({ status }: Claim): readonly string[] => [...new Set((status?.allocation?.devices?.results ?? []).map(({ driver, pool }) => poolKey(driver, pool)))] };

/** Removes pods whose devices have NoExecute taints that their claims do not tolerate, or no longer. Keys are pods. */
export class DeviceTaintEvictionReconciler implements Reconciler {
  readonly name = 'device-taint-eviction-controller';
  readonly pods: ObjectSource<corev1.Pod>;
  readonly claims: ObjectSource<Claim>;
  readonly slices: ObjectSource<Slice>;
  readonly #context: ControllerContext;
  readonly #evictions: TimedEvictions;
  #taints: DeviceTaints | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#evictions = new TimedEvictions(context, {
      component: this.name, reason: 'DeviceTaintManagerEviction', metrics: 'device_taint_eviction_controller',
      marking: () => 'Marking for deletion', cancelling: () => 'Cancelling deletion',
      condition: { reason: 'DeletionByDeviceTaintManager', message: 'Device Taint manager: deleting due to NoExecute taint' },
      help: {
        total: 'Total number of Pods deleted by DeviceTaintEvictionController since its start.',
        duration: "Latency, in seconds, between the time when a device taint effect has been activated and a Pod's deletion via DeviceTaintEvictionController.",
      },
    });
    this.pods = context.sources.informer(core.pods);
    this.claims = context.sources.informer(dra.resourceclaims, { indexes: byPool });
    this.slices = context.sources.informer(dra.resourceslices);
  }

  reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const pod = this.pods.get(key);
    this.#taints ??= new DeviceTaints(this.slices.list());
    const taints = this.#taints;
    const atMs = pod && deviceEvictionTime(pod, (name) => this.claims.get({ namespace: key.namespace, name }), (device) => taints.of(device), this.#context.clock.now());
    return this.#evictions.settle(key, pod, atMs, signal);
  }

  /** Devices have changed. */
  forgetTaints(): void {
    this.#taints = undefined;
  }
}

export function deviceTaintEvictionController(context: ControllerContext): RunningController {
  const reconciler = new DeviceTaintEvictionReconciler(context);
  const { pods, claims, slices } = reconciler;
  return runningController({
    reconciler,
    workers: 10,
    reads: [read(pods), read(claims), read(slices)],
    watch: (controller) => {
      const wakeUsers = (...states: Claim[]): void => {
        for (const { metadata: { namespace = '' }, status } of states)
          for (const { resource, name } of status?.reservedFor ?? []) if (resource === 'pods') controller.enqueue({ namespace, name });
      };
      const wakePool = (...states: Slice[]): void => {
        reconciler.forgetTaints();
        for (const { spec: { driver, pool } } of states) wakeUsers(...claims.byIndex('pool', poolKey(driver, pool.name)));
      };
      const wake = (pod: corev1.Pod): void => {
        if ((pod.spec?.resourceClaims ?? []).length > 0) controller.enqueueObject(pod);
      };
      const facts = ({ spec, status }: corev1.Pod): string => canonicalJson([spec?.nodeName ?? '', status?.resourceClaimStatuses ?? []]);
      return [
        pods.addHandler({
          onAdd: wake,
          onUpdate: (previous, pod) => {
            if (facts(previous) !== facts(pod)) wake(pod);
          },
          onDelete: wake,
        }),
        claims.addHandler({ onAdd: wakeUsers, onUpdate: wakeUsers, onDelete: wakeUsers }),
        slices.addHandler({ onAdd: wakePool, onUpdate: wakePool, onDelete: wakePool }),
      ];
    },
  }, context);
}
