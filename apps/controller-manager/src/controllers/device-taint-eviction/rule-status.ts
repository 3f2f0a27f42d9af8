import { apiVersionOf, type corev1, type metav1, type resourcev1, type ResourceType } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import { after, done, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { ruleSelects } from '@navarch/scheduling';
import type { ControllerContext } from '../../context';
import { DeviceTaints, type Rule } from './device-taints';
import { ruleCondition, type RuleEffects } from './rule-condition';
import { deviceEviction } from './sync';

const FIELD_MANAGER = 'device-taint-eviction-controller';
/** A rule that empties many devices is not told of with each of their pods. */
const RULE_STATUS_PERIOD_MS = 10_000;

export interface RuleSources {
  readonly pods: ObjectSource<corev1.Pod>;
  readonly claims: ObjectSource<resourcev1.ResourceClaim>;
  readonly slices: ObjectSource<resourcev1.ResourceSlice>;
  readonly rules: ObjectSource<Rule>;
}

/** Tells in DeviceTaintRules how far their evictions are. Keys are rules. */
export class RuleStatusReconciler implements Reconciler {
  readonly name = 'device-taint-eviction-controller-rules';
  readonly #context: ControllerContext;
  readonly #type: ResourceType<Rule>;
  readonly #sources: RuleSources;
  /** By uid of a rule, for how many pods it was a cause. */
  readonly #evicted = new Map<string, number>();

  constructor(context: ControllerContext, type: ResourceType<Rule>, sources: RuleSources) {
    this.#context = context;
    this.#type = type;
    this.#sources = sources;
  }

  /** A rule was a cause for a pod to go. */
  countEviction(uid: string): void {
    this.#evicted.set(uid, (this.#evicted.get(uid) ?? 0) + 1);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    const rule = this.#sources.rules.get(key);
    if (rule === undefined) {
      this.#forgetGone();
      return done;
    }
    const before = rule.status?.conditions?.find(({ type }) => type === 'EvictionInProgress');
    const waitMs = before?.observedGeneration === (rule.metadata.generation ?? 0) ? Date.parse(before.lastTransitionTime) + RULE_STATUS_PERIOD_MS - clock.now() : 0;
    if (waitMs > 0) return after(waitMs);
    const condition = ruleCondition(rule, this.#effectsOf(rule));
    if (before !== undefined && sameCondition(before, condition)) return done;
    const { name, uid } = rule.metadata;
    const told = { apiVersion: apiVersionOf(this.#type), kind: this.#type.kind, metadata: { name, uid }, status: { conditions: [{ ...condition, lastTransitionTime: formatTime(clock.now()) }] } };
    await api.patch(this.#type, key, 'apply', told, { signal, subresource: 'status', fieldManager: FIELD_MANAGER, force: true });
    return done;
  }

  #effectsOf(rule: Rule): RuleEffects {
    const { effect } = rule.spec.taint;
    const { uid = '' } = rule.metadata;
    const none = { pendingPods: 0, pendingNamespaces: 0, publishedDevices: 0, allocatedDevices: 0, evictedPods: this.#evicted.get(uid) ?? 0 };
    if (effect !== 'NoExecute' && effect !== 'None') return none;
    const { pods, claims, slices, rules } = this.#sources;
    // What a rule without effect would do if it had one.
    const evicting: Rule = { ...rule, spec: { ...rule.spec, taint: { ...rule.spec.taint, effect: 'NoExecute' } } };
    const taints = new DeviceTaints(slices.list(), [...rules.list().filter(({ metadata }) => metadata.uid !== uid), evicting]);
    const nowMs = this.#context.clock.now();
    const pending = pods.list().filter((pod) => {
      const namespace = pod.metadata.namespace ?? '';
      return deviceEviction(pod, (name) => claims.get({ namespace, name }), (device) => taints.of(device), nowMs)?.rules.has(uid) === true;
    });
    const found = { ...none, pendingPods: pending.length, pendingNamespaces: new Set(pending.map(({ metadata }) => metadata.namespace)).size };
    if (effect === 'NoExecute') return found;
    const allocated = claims.list().flatMap(({ status }) => status?.allocation?.devices?.results ?? []);
    return { ...found, publishedDevices: taints.countSelected(rule), allocatedDevices: allocated.filter((device) => ruleSelects(rule, device)).length };
  }

  #forgetGone(): void {
    const present = new Set(this.#sources.rules.list().map(({ metadata }) => metadata.uid));
    for (const uid of this.#evicted.keys()) if (!present.has(uid)) this.#evicted.delete(uid);
  }
}

function sameCondition(a: metav1.Condition, b: Omit<metav1.Condition, 'lastTransitionTime'>): boolean {
  return a.status === b.status && a.reason === b.reason && a.message === b.message && a.observedGeneration === b.observedGeneration;
}
