import type { metav1 } from '@navarch/api';
import type { Rule } from './device-taints';

/** What a rule does, or would do. */
export interface RuleEffects {
  /** Pods that have to go, or would have to, and of how many namespaces they are. */
  readonly pendingPods: number;
  readonly pendingNamespaces: number;
  readonly publishedDevices: number;
  readonly allocatedDevices: number;
  /** Pods that had to go since this process began. */
  readonly evictedPods: number;
}

const count = (number: number, one: string, many: string): string => (number === 1 ? `1 ${one}` : `${number} ${many}`);
const namespaces = (number: number): string => count(number, 'namespace', 'different namespaces');

/** What is said of a rule's evictions, without the time. Mirrors maybeUpdateRuleStatus of upstream's devicetainteviction. */
export function ruleCondition({ metadata, spec }: Rule, effects: RuleEffects): Omit<metav1.Condition, 'lastTransitionTime'> {
  const { status, reason, message } = stateOf(spec.taint.effect, effects);
  const { evictedPods } = effects;
  const evicted = evictedPods > 0 ? `${count(evictedPods, 'pod', 'pods')} evicted since starting the controller.` : '';
  return { type: 'EvictionInProgress', status, reason, message: [message, evicted].filter((text) => text !== '').join(' '), observedGeneration: metadata.generation ?? 0 };
}

function stateOf(effect: string, { pendingPods, pendingNamespaces, publishedDevices, allocatedDevices, evictedPods }: RuleEffects): Pick<metav1.Condition, 'message' | 'reason' | 'status'> {
  switch (effect) {
    case 'NoExecute':
      if (pendingPods > 0) return { status: 'True', reason: 'PodsPendingEviction', message: `${count(pendingPods, 'pod needs', 'pods need')} to be evicted in ${namespaces(pendingNamespaces)}.` };
      return { status: 'False', reason: evictedPods > 0 ? 'Completed' : 'NotStarted', message: '' };
    case 'None': {
      const devices = `${count(publishedDevices, 'published device', 'published devices')} selected. ${count(allocatedDevices, 'allocated device', 'allocated devices')} selected.`;
      const pods = `${count(pendingPods, 'pod', 'pods')} would be evicted in ${namespaces(pendingNamespaces)} if the effect was NoExecute.`;
      return { status: 'False', reason: 'NoEffect', message: `${devices} ${pods} This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.` };
    }
    default:
      return { status: 'False', reason: 'OtherEffect', message: 'Eviction only happens for the NoExecute effect.' };
  }
}
