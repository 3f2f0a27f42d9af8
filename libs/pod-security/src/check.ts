import type { corev1, metav1 } from '@navarch/api';
import { compareStrings } from '@navarch/apimachinery';
import type { Level } from './level-version';

/** A pod, or the template of one, before or after validation. */
export interface CheckedPod {
  readonly metadata: metav1.ObjectMeta;
  readonly spec: Partial<corev1.PodSpec>;
}

export interface Violation {
  /** In a few words, for lists of many pods. */
  readonly reason: string;
  readonly detail: string;
}

export type PodCheck = (pod: CheckedPod) => Violation | undefined;

/** One control of the Pod Security Standards, as its versions understand it. */
export interface Control {
  readonly id: string;
  readonly level: Exclude<Level, 'privileged'>;
  /** Oldest first. */
  readonly versions: readonly { readonly since: number; readonly check: PodCheck }[];
  /** The baseline control that this one, being stricter, stands for. */
  readonly replaces?: string;
}

/** All containers in the order they start. */
export function containersOf({ initContainers, containers, ephemeralContainers }: Partial<corev1.PodSpec>): (corev1.Container | corev1.EphemeralContainer)[] {
  return [...(initContainers ?? []), ...(containers ?? []), ...(ephemeralContainers ?? [])];
}

export const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many);
/** As upstream quotes them: what is in them is left as it is. */
export const quoted = (names: Iterable<string>): string => `"${[...names].join('", "')}"`;
export const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort(compareStrings);
/** `container "a"` or `containers "a", "b"`. */
export const containersNamed = (names: readonly string[]): string => `${plural(names.length, 'container', 'containers')} ${quoted(names)}`;

/** Who sets something: the pod, its containers. */
export function setters(pod: boolean, containers: readonly string[]): string {
  return [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [containersNamed(containers)] : [])].join(' and ');
}

/** The names of the containers for which a test holds. */
export function containersThat(spec: Partial<corev1.PodSpec>, test: (container: corev1.Container | corev1.EphemeralContainer) => boolean): string[] {
  const names: string[] = [];
  for (const containers of [spec.initContainers, spec.containers, spec.ephemeralContainers])
    for (const container of containers ?? []) if (test(container)) names.push(container.name);
  return names;
}

/** Windows pods cannot set what Linux pods must. */
export const exceptWindows = (check: PodCheck): PodCheck => (pod) => (pod.spec.os?.name === 'windows' ? undefined : check(pod));
/** Root in a user namespace is nobody on the node. */
export const exceptUserNamespaces = (check: PodCheck): PodCheck => (pod) => (pod.spec.hostUsers === false ? undefined : check(pod));
