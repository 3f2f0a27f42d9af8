import { type corev1 } from '@navarch/api';
import { type Decision, DecisionBuilder } from './decision';
import { isKilling, killKey } from './pod-action';
import { type PodObservation } from './pod-observation';
import { containersOf, initContainersOf } from './pod-spec';
import { matchingRule } from './restart-policy';
import { latestContainer, type ContainerView, type RuntimeView } from './runtime-view';

/** A container whose end is to restart its whole pod. */
export interface RestartTrigger {
  readonly container: corev1.Container;
  readonly ended: ContainerView;
}

const restartAll = 'RestartAllContainers';

/** Whether the end of some container might restart all of them. */
export function couldRestartAll(pod: corev1.Pod): boolean {
  return [...initContainersOf(pod), ...containersOf(pod)].some(({ restartPolicyRules }) => (restartPolicyRules ?? []).some(({ action }) => action === restartAll));
}

/** Containers that have ended so that all are to be made anew. */
export function restartTriggers(pod: corev1.Pod, runtime: RuntimeView): RestartTrigger[] {
  return [...initContainersOf(pod), ...containersOf(pod)].flatMap((container) => {
    const ended = latestContainer(runtime, container.name);
    return ended?.state === 'exited' && matchingRule(container, ended.exitCode)?.action === restartAll ? [{ container, ended }] : [];
  });
}

/**
 * Takes every container of a pod away, in its sandbox and with its volumes; then the pod begins as if it were new. Those
 * that asked for it go last, so that a kubelet that dies in between finds them; their back-off holds all back. As
 * upstream's, containers end without preStop hooks.
 */
export function decideRestartAll(seen: PodObservation, triggers: readonly RestartTrigger[]): Decision {
  const result = new DecisionBuilder();
  const { pod, runtime, inFlight, nowMs } = seen;
  const asking = new Map(triggers.map(({ container }) => [container.name, container]));
  const own = new Set([...initContainersOf(pod), ...containersOf(pod)].map(({ name }) => name));
  const mayTry = (key: string): boolean => {
    if (inFlight.has(key)) return false;
    const retryAt = seen.retryAtMs.get(key) ?? 0;
    if (retryAt > nowMs) result.wakeAt(retryAt);
    return retryAt <= nowMs;
  };
  const others = runtime.containers.filter(({ name }) => own.has(name) && !asking.has(name));
  const graceSeconds = pod.spec?.terminationGracePeriodSeconds ?? 30;
  for (const container of others) {
    if (container.state === 'running') {
      if (!isKilling(inFlight, container.id) && mayTry(killKey(container.id, graceSeconds))) {
        result.act({ kind: 'killContainer', container, graceSeconds, message: `Container ${container.name} will be restarted`, withoutHook: true });
      }
    } else if (mayTry(`remove/${container.id}`)) result.act({ kind: 'removeContainer', containerId: container.id });
  }
  const starting = [...inFlight].some((key) => key.startsWith('start/'));
  if (others.length > 0 || starting) return result.done('running');
  const heldUntil = Math.max(...triggers.map(({ container, ended }) => seen.crashWait(container, ended).untilMs));
  if (heldUntil > nowMs) {
    result.wakeAt(heldUntil);
    return result.done('running');
  }
  for (const view of runtime.containers.filter(({ name }) => asking.has(name))) {
    const trigger = triggers.find(({ ended }) => ended.id === view.id);
    if (mayTry(`remove/${view.id}`)) result.act({ kind: 'removeContainer', containerId: view.id, ...(trigger ? { crashed: { container: trigger.container, last: trigger.ended } } : {}) });
  }
  return result.done('running');
}
