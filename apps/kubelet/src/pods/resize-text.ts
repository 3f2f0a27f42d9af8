import { type corev1 } from '@navarch/api';
import { containersOf, initContainersOf } from './pod-spec';

/** A resize as events tell of it, in upstream's form: what each container is to have, and why it has not, where it has not. */
export function resizeText(pod: corev1.Pod, error?: string): string {
  const summaries = (containers: readonly corev1.Container[]): object[] =>
    containers.map(({ name, resources: { limits, requests } = {} }) => ({
      name,
      resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) },
    }));
  const [init, containers] = [summaries(initContainersOf(pod)), summaries(containersOf(pod))];
  return JSON.stringify({ ...(init.length > 0 ? { initContainers: init } : {}), containers, generation: pod.metadata.generation ?? 0, ...(error === undefined ? {} : { error }) });
}
