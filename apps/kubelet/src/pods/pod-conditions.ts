import { type corev1 } from '@navarch/api';
import { containersOf, initContainersOf, isSidecar } from './pod-spec';
import { couldRestartAll } from './restart-all';

/** The statuses the conditions follow from. */
export interface ConditionInput {
  readonly pod: corev1.Pod;
  readonly phase: string;
  readonly init: readonly corev1.ContainerStatus[];
  readonly containers: readonly corev1.ContainerStatus[];
  /** The newest sandbox is up and has its network. */
  readonly sandboxReady: boolean;
  /** A container has ended so that all are made anew. */
  readonly restartingAll: boolean;
  readonly existing: readonly corev1.PodCondition[];
}

type Verdict = Pick<corev1.PodCondition, 'status' | 'reason' | 'message'>;

const yes: Verdict = { status: 'True' };

/** The conditions a kubelet owns; upstream's reasons and messages. */
export function podConditions(input: ConditionInput): ReadonlyMap<string, Verdict> {
  const containersReady = containersReadyCondition(input);
  return new Map<string, Verdict>([
    ['PodReadyToStartContainers', { status: input.sandboxReady ? 'True' : 'False' }],
    ['Initialized', initializedCondition(input)],
    ['Ready', readyCondition(input, containersReady)],
    ['ContainersReady', containersReady],
    ...(couldRestartAll(input.pod) ? [['AllContainersRestarting', restartingCondition(input)] as const] : []),
  ]);
}

function restartingCondition({ phase, restartingAll }: ConditionInput): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  return restartingAll ? { status: 'True', reason: 'RestartAllContainersStarted', message: 'container exited with restart policy rule' } : { status: 'False' };
}

function initializedCondition({ pod, phase, init, containers }: ConditionInput): Verdict {
  const unknown: string[] = [];
  const incomplete: string[] = [];
  const started = containers.some((status) => status.state?.running ?? status.state?.terminated ?? status.lastState?.terminated);
  for (const container of initContainersOf(pod)) {
    const status = init.find((candidate) => candidate.name === container.name);
    if (!status) unknown.push(container.name);
    else if (isSidecar(container) ? !status.started && !started : !status.ready) incomplete.push(container.name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'True', reason: 'PodCompleted' };
  if (started && incomplete.length === 0) return yes;
  const messages = [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(' ')}]`] : []),
    ...(incomplete.length > 0 ? [`containers with incomplete status: [${incomplete.join(' ')}]`] : []),
  ];
  return messages.length === 0 ? yes : { status: 'False', reason: 'ContainersNotInitialized', message: messages.join(', ') };
}

function containersReadyCondition({ pod, phase, init, containers }: ConditionInput): Verdict {
  const unknown: string[] = [];
  const unready: string[] = [];
  const check = (container: corev1.Container, statuses: readonly corev1.ContainerStatus[]): void => {
    const status = statuses.find((candidate) => candidate.name === container.name);
    if (!status) unknown.push(container.name);
    else if (!status.ready) unready.push(container.name);
  };
  for (const container of initContainersOf(pod)) if (isSidecar(container)) check(container, init);
  for (const container of containersOf(pod)) check(container, containers);
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const messages = [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(' ')}]`] : []),
    ...(unready.length > 0 ? [`containers with unready status: [${unready.join(' ')}]`] : []),
  ];
  return messages.length === 0 ? yes : { status: 'False', reason: 'ContainersNotReady', message: messages.join(', ') };
}

function readyCondition({ pod, existing }: ConditionInput, containersReady: Verdict): Verdict {
  if (containersReady.status !== 'True') return containersReady;
  const messages: string[] = [];
  for (const gate of pod.spec?.readinessGates ?? []) {
    const condition = existing.find((candidate) => candidate.type === gate.conditionType);
    if (!condition) messages.push(`corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`);
    else if (condition.status !== 'True') messages.push(`the status of pod readiness gate "${gate.conditionType}" is not "True", but ${condition.status}`);
  }
  return messages.length === 0 ? yes : { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}
