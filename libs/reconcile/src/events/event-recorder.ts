import { core, type corev1, type KubeObject } from '@navarch/api';
import { formatTime, isNotFound } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { ObjectApi, ReconcileLog } from '../ports';
import { EventCorrelator } from './event-correlator';

/** More than this wait: the newest are dropped, as upstream's full channel does. They may wait until a burst of pods is over. */
const MAX_QUEUE = 5_000;
/** Handed over side by side; the client sends them when it has nothing better to do. */
const BATCH = 100;
/** An object is not to wait for the news of it (upstream's clients write no more than 50 events a second, for the same reason). */
const BEHIND = { background: true };

export interface EventRecorderOptions {
  /** Such as `replicaset-controller`. */
  readonly component: string;
  /** The node, for what speaks for one. */
  readonly host?: string;
}

export interface EventRecorderDeps {
  readonly api: Pick<ObjectApi, 'create' | 'patch'>;
  readonly clock: Clock;
  readonly log: Pick<ReconcileLog, 'debug' | 'warn'>;
}

/** Tells users what happened to an object, by Events. Never fails and never waits: events are best effort. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #deps: EventRecorderDeps;
  readonly #correlator = new EventCorrelator();
  #queue: corev1.Event[] = [];
  #writing: Promise<void> | undefined;
  #lastStamp = 0;
  /** Nanoseconds, which the clock does not tell, by who speaks: two components often speak of an object at one instant. */
  readonly #mark: bigint;

  constructor(options: EventRecorderOptions, deps: EventRecorderDeps) {
    this.#options = options;
    this.#deps = deps;
    let mark = 0;
    for (const character of `${options.component}/${options.host ?? ''}`) mark = (mark * 31 + (character.codePointAt(0) ?? 0)) % 1_000;
    this.#mark = BigInt(mark);
  }

  /** `about` must carry apiVersion, kind and metadata. `fieldPath` names a part, such as a container. */
  event(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void {
    const { metadata, kind = '', apiVersion = '' } = about;
    const optional = (name: string, value: string | undefined): object => (value === undefined || value === '' ? {} : { [name]: value });
    const involvedObject: corev1.ObjectReference = {
      kind,
      apiVersion,
      ...optional('namespace', metadata.namespace),
      ...optional('name', metadata.name),
      ...optional('uid', metadata.uid),
      ...optional('resourceVersion', metadata.resourceVersion),
      ...optional('fieldPath', fieldPath),
    };
    this.record(involvedObject, type, reason, message);
  }

  /** As `event`, about something that is only referred to. */
  record(involvedObject: corev1.ObjectReference, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.#queue.length >= MAX_QUEUE) {
      this.#deps.log.warn({ reason }, 'event dropped: too many are waiting');
      return;
    }
    const { component, host = '' } = this.#options;
    const now = formatTime(this.#deps.clock.now());
    this.#queue.push({
      metadata: { name: this.#name(involvedObject.name ?? ''), namespace: involvedObject.namespace ?? 'default' },
      involvedObject,
      reason,
      message,
      type,
      source: { component, ...(host === '' ? {} : { host }) },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      reportingComponent: component,
      reportingInstance: host,
    });
    this.#startWriting();
  }

  /** Resolves when all that was recorded has been written or given up. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  #startWriting(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      // Recorded after the writer had looked, and before it had gone.
      if (this.#queue.length > 0) this.#startWriting();
    });
  }

  /** Events of one object at one instant need names too. */
  #name(about: string): string {
    this.#lastStamp = Math.max(this.#lastStamp + 1, this.#deps.clock.now() * 1000);
    return `${about}.${(BigInt(this.#lastStamp) * 1_000n + this.#mark).toString(16)}`;
  }

  async #write(): Promise<void> {
    // A turn later: what is recorded together is written together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      // Equal events one after the other, so that the second can count up the first; others side by side.
      const series = new Map<string, corev1.Event[]>();
      for (const event of this.#queue.splice(0, BATCH)) {
        const key = `${event.involvedObject.uid ?? event.involvedObject.name ?? ''}/${event.reason ?? ''}`;
        const known = series.get(key);
        if (known === undefined) series.set(key, [event]);
        else known.push(event);
      }
      await Promise.all(Array.from(series.values(), async (events) => {
        for (const event of events) await this.#writeOne(event);
      }));
    }
  }

  async #writeOne(event: corev1.Event): Promise<void> {
    const decided = this.#correlator.correlate(event, this.#deps.clock.now());
    if (decided.kind === 'drop') return;
    try {
      this.#correlator.written(decided.key, decided.kind === 'create' ? await this.#create(decided.event) : await this.#repeat(decided.event));
    } catch (error) {
      this.#correlator.forget(decided.key);
      this.#deps.log.debug({ err: error, reason: event.reason }, 'event not written');
    }
  }

  #create(event: corev1.Event): Promise<corev1.Event> {
    const { name = '', namespace = '' } = event.metadata;
    return this.#deps.api.create(core.events, { ...event, metadata: { name, namespace } }, BEHIND);
  }

  async #repeat(event: corev1.Event): Promise<corev1.Event> {
    const { namespace = '', name = '' } = event.metadata;
    const { count, message, lastTimestamp } = event;
    try {
      return await this.#deps.api.patch(core.events, { namespace, name }, 'merge', { count, message, lastTimestamp }, BEHIND);
    } catch (error) {
      // Events expire.
      if (!isNotFound(error)) throw error;
      return this.#create({ ...event, metadata: { namespace, name: this.#name(event.involvedObject.name ?? '') } });
    }
  }
}
