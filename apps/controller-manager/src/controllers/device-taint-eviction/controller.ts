import { core, resource as dra, type corev1, type resourcev1, type ResourceType } from '@navarch/api';
import { canonicalJson, keyOfObject, type Controller, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { TimedEvictions } from '../../pods/timed-evictions';
import { read, runningController, together, type RunningController } from '../../running-controller';
import { whereServed } from '../../where-served';
import { DeviceTaints, poolKey, type Rule } from './device-taints';
import { RuleStatusReconciler } from './rule-status';
import { deviceEviction } from './sync';

type Claim = resourcev1.ResourceClaim;
type Slice = resourcev1.ResourceSlice;

const NAME = 'device-taint-eviction-controller';

/** Claims by the pools that their devices are of. */
const byPool = { pool: ({ status }: Claim): readonly string[] => [...new Set((status?.allocation?.devices?.results ?? []).map(({ driver, pool }) => poolKey(driver, pool)))] };

/** Removes pods whose devices have NoExecute taints that their claims do not tolerate, or no longer. Keys are pods. */
export class DeviceTaintEvictionReconciler implements Reconciler {
  readonly name = NAME;
  readonly pods: ObjectSource<corev1.Pod>;
  readonly claims: ObjectSource<Claim>;
  readonly slices: ObjectSource<Slice>;
  /** Undefined where they are not served. */
  readonly rules: ObjectSource<Rule> | undefined;
  /** Told of the uid of a rule for which pods have to go. */
  ruleActs: (uid: string, hasEvicted: boolean) => void = () => undefined;
  readonly #context: ControllerContext;
  readonly #evictions: TimedEvictions;
  #taints: DeviceTaints | undefined;

  constructor(context: ControllerContext, ruleType?: ResourceType<Rule>) {
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
    this.rules = ruleType && context.sources.informer(ruleType);
  }

  reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const pod = this.pods.get(key);
    this.#taints ??= new DeviceTaints(this.slices.list(), this.rules?.list());
    const taints = this.#taints;
    const eviction = pod && deviceEviction(pod, (name) => this.claims.get({ namespace: key.namespace, name }), (device) => taints.of(device), this.#context.clock.now());
    for (const uid of eviction?.rules ?? []) this.ruleActs(uid, false);
    return this.#evictions.settle(key, pod, eviction?.atMs, signal, () => {
      for (const uid of eviction?.rules ?? []) this.ruleActs(uid, true);
    });
  }

  /** Devices, or rules about them, have changed. */
  forgetTaints(): void {
    this.#taints = undefined;
  }
}

function evictions(reconciler: DeviceTaintEvictionReconciler, context: ControllerContext): RunningController {
  const { pods, claims, slices, rules } = reconciler;
  return runningController({
    reconciler,
    workers: 10,
    reads: [read(pods), read(claims), read(slices), ...(rules === undefined ? [] : [read(rules)])],
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
      // Rules change seldom, and may be about any device.
      const wakeAll = (): void => {
        reconciler.forgetTaints();
        wakeUsers(...claims.list());
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
        rules?.addHandler({
          onAdd: wakeAll,
          onUpdate: (previous, rule) => {
            if (canonicalJson(previous.spec) !== canonicalJson(rule.spec)) wakeAll();
          },
          onDelete: wakeAll,
        }) ?? (() => undefined),
      ];
    },
  }, context);
}

/** Where rules are served: evictions for them as well, and how far they are. */
function withRules(context: ControllerContext, type: ResourceType<Rule>): RunningController {
  const reconciler = new DeviceTaintEvictionReconciler(context, type);
  const { pods, claims, slices, rules = context.sources.informer(type) } = reconciler;
  const statuses = new RuleStatusReconciler(context, type, { pods, claims, slices, rules });
  const telling = runningController({
    reconciler: statuses,
    workers: 1,
    reads: [read(pods), read(claims), read(slices), read(rules)],
    watch: (controller: Controller) => {
      reconciler.ruleActs = (uid, hasEvicted) => {
        if (hasEvicted) statuses.countEviction(uid);
        const rule = rules.list().find(({ metadata }) => metadata.uid === uid);
        if (rule !== undefined) controller.enqueue(keyOfObject(rule));
      };
      return [rules.addHandler({
        onAdd: (rule) => controller.enqueueObject(rule),
        onUpdate: (previous, rule) => {
          if (previous.metadata.generation !== rule.metadata.generation || previous.metadata.uid !== rule.metadata.uid) controller.enqueueObject(rule);
        },
        onDelete: (rule) => controller.enqueueObject(rule),
      })];
    },
  }, context);
  return together(evictions(reconciler, context), telling);
}

const beta = dra.devicetaintrules;

export const deviceTaintEvictionController = whereServed({
  name: NAME, types: [beta, { ...beta, version: 'v1alpha3' }], reads: [core.pods, dra.resourceclaims, dra.resourceslices],
  create: withRules, otherwise: (context) => evictions(new DeviceTaintEvictionReconciler(context), context),
});
