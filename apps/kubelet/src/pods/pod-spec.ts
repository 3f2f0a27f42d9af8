import { type corev1 } from '@navarch/api';

/** `name_namespace(uid)`, as upstream names a pod in messages. */
export function podText(pod: corev1.Pod): string {
  return `${pod.metadata.name ?? ''}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid ?? ''})`;
}

export function uidOf(pod: corev1.Pod): string {
  return pod.metadata.uid ?? '';
}

export function namespaceOf(pod: corev1.Pod): string {
  return pod.metadata.namespace ?? '';
}

export function nameOf(pod: corev1.Pod): string {
  return pod.metadata.name ?? '';
}

export function restartPolicyOf(pod: corev1.Pod): string {
  return pod.spec?.restartPolicy ?? 'Always';
}

/** Init containers that stay up beside the others (`restartPolicy: Always`). */
export function isSidecar(container: corev1.Container): boolean {
  return container.restartPolicy === 'Always';
}

export function initContainersOf(pod: corev1.Pod): readonly corev1.Container[] {
  return pod.spec?.initContainers ?? [];
}

export function containersOf(pod: corev1.Pod): readonly corev1.Container[] {
  return pod.spec?.containers ?? [];
}

/** Regular init containers, sidecars and containers of a pod; ephemeral ones too, which have a subset of the fields. */
export function allContainersOf(pod: corev1.Pod): readonly corev1.Container[] {
  return [...initContainersOf(pod), ...containersOf(pod), ...ephemeralContainersOf(pod)];
}

export function ephemeralContainersOf(pod: corev1.Pod): readonly corev1.Container[] {
  return pod.spec?.ephemeralContainers ?? [];
}

export function findContainer(pod: corev1.Pod, name: string): corev1.Container | undefined {
  return allContainersOf(pod).find((container) => container.name === name);
}

/** `spec.containers{web}`: how an event names a container of its pod. */
export function fieldPathOf(pod: corev1.Pod, name: string): string {
  if (initContainersOf(pod).some((container) => container.name === name)) return `spec.initContainers{${name}}`;
  if (ephemeralContainersOf(pod).some((container) => container.name === name)) return `spec.ephemeralContainers{${name}}`;
  return `spec.containers{${name}}`;
}

export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Static pods, read from a file, carry where they come from. */
export const configSourceAnnotation = 'kubernetes.io/config.source';

export function isStaticPod(pod: corev1.Pod): boolean {
  const source = pod.metadata.annotations?.[configSourceAnnotation];
  return source !== undefined && source !== 'api';
}
