import type { corev1, KubeObject } from '@navarch/api';
import { formatTime, parseTime } from '@navarch/apimachinery';

const LAST_CHANGE_TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

/** When a Service and each of its pods changed last, as far as its endpoints care: milliseconds since 1970. */
export interface TriggerState {
  readonly serviceMs: number | undefined;
  readonly podsMs: ReadonlyMap<string, number>;
}

/**
 * The earliest change that a Service's endpoints do not tell of yet, in milliseconds since 1970; undefined when no time of a change is new.
 * What counts is when the Service was made and when the readiness of a pod turned; that a pod went has no time.
 * By upstream's TriggerTimeTracker (k8s.io/endpointslice): a Service seen for the first time is as old as itself.
 */
function lastChangeTrigger(before: TriggerState | undefined, service: corev1.Service, pods: readonly corev1.Pod[]): { readonly state: TriggerState; readonly atMs: number | undefined } {
  const serviceMs = timeOf(service.metadata.creationTimestamp);
  const podsMs = new Map<string, number>();
  for (const { metadata, status } of pods) {
    const turnedMs = timeOf(status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime);
    if (turnedMs !== undefined) podsMs.set(metadata.name ?? '', turnedMs);
  }
  const state = { serviceMs, podsMs };
  if (before === undefined) return { state, atMs: serviceMs };
  const fresh = [...podsMs].filter(([name, ms]) => ms > (before.podsMs.get(name) ?? -Infinity)).map(([, ms]) => ms);
  if (serviceMs !== undefined && serviceMs > (before.serviceMs ?? -Infinity)) fresh.push(serviceMs);
  return { state, atMs: fresh.length === 0 ? undefined : Math.min(...fresh) };
}

function timeOf(text: string | null | undefined): number | undefined {
  return text === undefined || text === null ? undefined : parseTime(text);
}

/** What was seen of each Service, from one look to the next. */
export class TriggerTimes {
  readonly #seen = new Map<string, TriggerState>();

  /** To be asked at every look, whether endpoints change or not: what is answered once is not new the next time. */
  lookedAt(id: string, service: corev1.Service, pods: readonly corev1.Pod[]): number | undefined {
    const { state, atMs } = lastChangeTrigger(this.#seen.get(id), service, pods);
    this.#seen.set(id, state);
    return atMs;
  }

  forget(id: string): void {
    this.#seen.delete(id);
  }
}

/** Annotations that say what change the object tells of; those of the last change go when this one has no time. */
export function annotateTrigger(annotations: Readonly<Record<string, string>> | undefined, atMs: number | undefined): Record<string, string> {
  const others = withoutTrigger(annotations);
  return atMs === undefined ? others : { ...others, [LAST_CHANGE_TRIGGER_TIME]: formatTime(atMs) };
}

export function withoutTrigger(annotations: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== LAST_CHANGE_TRIGGER_TIME));
}

/** The object with the time of the change that it tells of. */
export function withTrigger<T extends KubeObject>(object: T, atMs: number | undefined): T {
  return { ...object, metadata: { ...object.metadata, annotations: annotateTrigger(object.metadata.annotations, atMs) } };
}
