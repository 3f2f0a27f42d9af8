import type { corev1 } from '@navarch/api';

// Limits and keys as upstream's client-go/tools/record/events_cache.go.
const MAX_SIMILAR = 10;
const SIMILAR_WITHIN_MS = 600_000;
const MAX_ENTRIES = 4096;
const BURST = 25;
const REFILL_MS = 300_000;
const COMBINED = '(combined from similar events): ';

/** What to write for an event that happened. */
export type CorrelatedEvent =
  | { readonly kind: 'create'; readonly event: corev1.Event; readonly key: string }
  /** The same was written before: only its count, time and text change. */
  | { readonly kind: 'repeat'; readonly event: corev1.Event; readonly key: string }
  | { readonly kind: 'drop' };

/** What is remembered of an event that was written: thousands of them are, for as long as the process lives. */
interface WrittenEvent {
  readonly name: string;
  readonly namespace: string;
  readonly firstTimestamp: string | undefined;
  readonly count: number;
}

const remembered = ({ metadata: { name = '', namespace = '' }, firstTimestamp, count = 1 }: corev1.Event): WrittenEvent => ({ name, namespace, firstTimestamp: firstTimestamp ?? undefined, count });

/** Keeps the most recently used entries. */
class Recent<T> {
  readonly #entries = new Map<string, T>();

  get(key: string): T | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > MAX_ENTRIES) for (const oldest of this.#entries.keys()) return void this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

/**
 * Keeps a source from flooding the store: equal events become a count, many similar ones become one, and an object
 * that keeps causing events is heard 25 times and then every five minutes.
 */
export class EventCorrelator {
  readonly #similar = new Recent<{ messages: Set<string>; lastMs: number }>();
  readonly #written = new Recent<WrittenEvent>();
  readonly #budgets = new Recent<{ tokens: number; atMs: number }>();

  correlate(event: corev1.Event, nowMs: number): CorrelatedEvent {
    const { event: aggregated, key } = this.#aggregate(event, nowMs);
    const before = this.#written.get(key);
    const counted =
      before === undefined
        ? aggregated
        : { ...aggregated, metadata: { name: before.name, namespace: before.namespace }, firstTimestamp: before.firstTimestamp ?? aggregated.firstTimestamp, count: before.count + 1 };
    this.#written.set(key, remembered(counted as corev1.Event));
    if (!this.#allows(event, nowMs)) return { kind: 'drop' };
    return { kind: before === undefined ? 'create' : 'repeat', event: counted as corev1.Event, key };
  }

  /** Remembers the event as the server has it. */
  written(key: string, event: corev1.Event): void {
    this.#written.set(key, remembered(event));
  }

  /** The server does not have it (any more). */
  forget(key: string): void {
    this.#written.delete(key);
  }

  #aggregate(event: corev1.Event, nowMs: number): { event: corev1.Event; key: string } {
    const group = groupOf(event);
    let similar = this.#similar.get(group);
    if (similar === undefined || nowMs - similar.lastMs > SIMILAR_WITHIN_MS) similar = { messages: new Set(), lastMs: nowMs };
    similar.lastMs = nowMs;
    similar.messages.add(event.message ?? '');
    this.#similar.set(group, similar);
    if (similar.messages.size < MAX_SIMILAR) return { event, key: `${group}\0${event.message ?? ''}\0${event.involvedObject.fieldPath ?? ''}` };
    for (const message of similar.messages) {
      similar.messages.delete(message);
      break;
    }
    return { event: { ...event, message: COMBINED + (event.message ?? '') }, key: group };
  }

  #allows(event: corev1.Event, nowMs: number): boolean {
    const { kind, namespace, name, uid, apiVersion } = event.involvedObject;
    const key = [event.source?.component, event.source?.host, kind, namespace, name, uid, apiVersion].join('\0');
    const budget = this.#budgets.get(key) ?? { tokens: BURST, atMs: nowMs };
    const tokens = Math.min(BURST, budget.tokens + (nowMs - budget.atMs) / REFILL_MS);
    const allowed = tokens >= 1;
    this.#budgets.set(key, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs });
    return allowed;
  }
}

function groupOf(event: corev1.Event): string {
  const { kind, namespace, name, uid, apiVersion } = event.involvedObject;
  return [event.source?.component, event.source?.host, kind, namespace, name, uid, apiVersion, event.type, event.reason, event.reportingComponent, event.reportingInstance].join('\0');
}
