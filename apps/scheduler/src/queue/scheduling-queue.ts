import type { Clock } from '@navarch/clock';
import type { ClusterEvent, PodInfo } from '@navarch/scheduling';
import { ActivePods } from './active-pods';
import { BackoffPods } from './backoff-pods';
import { GatedPods, type GateDeps } from './gated-pods';
import { Hints, type HintsDeps } from './hints';
import { InFlightPods } from './in-flight-pods';
import { PodHistories } from './pod-histories';
import { queued, type QueuedPod } from './queued-pod';
import { UnschedulablePods, type ParkedPod, type RefusedPods } from './unschedulable-pods';

const everyPod = (): boolean => true;

export interface QueueDepths {
  readonly active: number;
  readonly backoff: number;
  readonly unschedulable: number;
  readonly gated: number;
}

/** Taken from the queue to be tried. */
export interface Attempt {
  readonly pod: PodInfo;
  readonly attempts: number;
  readonly since: number;
  /** No event made it active, but that it had waited for long. */
  readonly flushed?: true;
}

export interface QueueOptions {
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  /** A pod that no event helped is tried again after this long all the same: five minutes unless something else is said. */
  readonly longestUnschedulableMs?: number;
}

export interface QueueDeps extends HintsDeps, GateDeps {
  readonly clock: Clock;
  /** Called when there is a pod to be tried: wakes the scheduler. */
  readonly onActive: () => void;
  /** A pod entered a part of the queue. */
  readonly onIncoming: (queue: keyof QueueDepths, event: string) => void;
  /** An event has been looked at. */
  readonly onHandled?: (event: string, milliseconds: number) => void;
}

/**
 * Pods that wait for a node. Active: to be tried now, by priority, then by when they were tried last. Backoff: failed lately, tried when nothing is active. Unschedulable: refused until an
 * event comes that can help one of the plug-ins that refused. Gated: a PreEnqueue plug-in does not let it be tried yet.
 */
export class SchedulingQueue {
  readonly #active = new ActivePods<QueuedPod>();
  readonly #backoff: BackoffPods<QueuedPod>;
  /** Those that failed by no fault of theirs, or were refused in PreBind: whatever failed is given its time. */
  readonly #errorBackoff: BackoffPods<QueuedPod>;
  readonly #unschedulable = new UnschedulablePods();
  readonly #gated: GatedPods;
  readonly #histories: PodHistories;
  readonly #hints: Hints;
  readonly #inFlight = new InFlightPods();

  constructor(private readonly options: QueueOptions, private readonly deps: QueueDeps) {
    this.#histories = new PodHistories(options, deps.clock);
    this.#hints = new Hints(deps);
    this.#gated = new GatedPods(deps);
    this.#backoff = new BackoffPods(deps.clock, (pod) => this.#activate(pod, 'BackoffComplete'));
    this.#errorBackoff = new BackoffPods(deps.clock, (pod) => this.#activate(pod, 'BackoffComplete'));
  }

  get depths(): QueueDepths {
    return { active: this.#active.size, backoff: this.#backoff.size + this.#errorBackoff.size, unschedulable: this.#unschedulable.size, gated: this.#gated.size };
  }

  get unschedulable(): RefusedPods[] {
    return this.#unschedulable.byPlugin;
  }

  /** A pod came. */
  add(info: PodInfo, event = 'PodAdd'): void {
    this.remove(info.uid, true);
    if (!this.#isGated(info, event)) this.#activate(queued(info, this.#histories.of(info.uid)), event);
  }

  /**
   * A pod that waits has changed. `events` says what of it; a change that can help no plug-in that refused it must not make it
   * active: only its object is renewed.
   */
  update(info: PodInfo, events: readonly ClusterEvent[]): void {
    const { uid } = info;
    if (this.#gated.delete(uid)) {
      this.#goOn(queued(info, this.#histories.of(uid)), events[0]?.name ?? 'PodUpdate');
      return;
    }
    const active = this.#active.get(uid);
    if (active !== undefined) this.#active.set({ ...active, info, priority: info.priority });
    for (const part of [this.#backoff, this.#errorBackoff]) {
      const waiting = part.get(uid);
      if (waiting !== undefined) part.replace({ ...waiting, info, priority: info.priority });
    }
    const parked = this.#unschedulable.get(uid);
    if (parked !== undefined) {
      const renewed = { ...parked, pod: { ...parked.pod, info, priority: info.priority } };
      this.#unschedulable.set(uid, renewed);
      const helpful = events.find((event) => this.#helps(event, renewed));
      if (helpful !== undefined) this.#release(uid, renewed, helpful.name);
    }
    this.#inFlight.update(info, events);
  }

  has(uid: string): boolean {
    return this.#active.has(uid) || this.#backoff.has(uid) || this.#errorBackoff.has(uid) || this.#unschedulable.has(uid) || this.#gated.has(uid) || this.#inFlight.has(uid);
  }

  /** The pod is gone or bound. */
  remove(uid: string, keepHistory = false): void {
    this.#active.delete(uid);
    this.#backoff.delete(uid);
    this.#errorBackoff.delete(uid);
    this.#unschedulable.delete(uid);
    this.#gated.delete(uid);
    this.#inFlight.delete(uid);
    if (!keepHistory) this.#histories.delete(uid);
  }

  /** Takes the next pod to try, and when nothing is active one whose back-off is not over yet; `done`, `park` or `retry` ends the attempt. */
  pop(): Attempt | undefined {
    const next = this.#active.take() ?? this.#takeEarly();
    return next === undefined ? undefined : this.#begin(next);
  }

  /**
   * Takes these to be tried with the one that was just taken: all but those that a PreEnqueue plug-in keeps out, and those for which something failed: whatever failed is
   * given its time, and they bring the others along when it has passed.
   */
  popThese(uids: Iterable<string>, concerns: (pod: PodInfo) => boolean): Attempt[] {
    const attempts: Attempt[] = [];
    for (const uid of uids) {
      const pod = this.#active.get(uid) ?? this.#backoff.get(uid) ?? this.#unschedulable.get(uid)?.pod;
      if (pod === undefined || !concerns(pod.info)) continue;
      for (const part of [this.#active, this.#backoff, this.#unschedulable]) part.delete(uid);
      attempts.push(this.#begin(pod));
    }
    return attempts;
  }

  #begin(next: QueuedPod): Attempt {
    const { attempts } = this.#histories.tried(next.uid);
    this.#inFlight.begin(next.info);
    return { pod: next.info, attempts, since: next.since, ...(next.flushed === undefined ? {} : { flushed: next.flushed }) };
  }

  /** It has a node, and nobody refuses it any more. */
  done(uid: string): void {
    this.#inFlight.delete(uid);
  }

  /**
   * No node took the pod: waits for an event that can help one of the plug-ins that refused. One that was refused after `done` is tried again when its back-off
   * has passed: nobody knows what it has missed (upstream's determineSchedulingHintForInFlightPod).
   */
  park(tried: PodInfo, refusedBy: readonly string[]): void {
    const missed = this.#inFlight.end(tried.uid);
    const history = this.#histories.failed(tried.uid, true);
    if (history === undefined) return; // deleted meanwhile
    const info = missed?.info ?? tried;
    const parked: ParkedPod = { pod: queued(info, history), refusedBy, parkedAt: this.deps.clock.monotonic() };
    if (missed?.isForced === true) {
      if (!this.#isGated(info, 'ForceActivate')) this.#activate(parked.pod, 'ForceActivate');
      return;
    }
    if (missed === undefined) {
      if (this.#isGated(info, 'ScheduleAttemptFailure')) return;
      this.#errorBackoff.add(parked.pod, history.backoffUntil);
      this.deps.onIncoming('backoff', 'ScheduleAttemptFailure');
      return;
    }
    const helpful = missed.events.find((event) => this.#helps(event, parked));
    if (helpful !== undefined) {
      this.#release(info.uid, parked, helpful.name);
      return;
    }
    this.#unschedulable.set(info.uid, parked);
    this.deps.onIncoming('unschedulable', 'ScheduleAttemptFailure');
  }

  /** Something failed that is not the pod's fault, be it while it was parked: tried again after its back-off. */
  retry(tried: PodInfo): void {
    const info = this.#inFlight.end(tried.uid)?.info ?? tried;
    for (const part of [this.#active, this.#backoff, this.#unschedulable]) part.delete(info.uid);
    const history = this.#histories.failed(info.uid, false);
    if (history === undefined || this.#isGated(info, 'ScheduleAttemptFailure')) return;
    this.#errorBackoff.add(queued(info, history), history.backoffUntil);
    this.deps.onIncoming('backoff', 'ScheduleAttemptFailure');
  }

  /** Something happened in the cluster: pods that it can help go on. @param concerns which of those that wait, or are being tried, come into question */
  onEvent(event: ClusterEvent, concerns: (pod: PodInfo) => boolean = everyPod): void {
    const started = performance.now();
    this.#inFlight.see(event, concerns);
    for (const [uid, parked] of this.#unschedulable) if (concerns(parked.pod.info) && this.#helps(event, parked)) this.#release(uid, parked, event.name);
    if (this.#gated.size > 0) for (const info of this.#gated.takeHelped(event)) this.#goOn(queued(info, this.#histories.of(info.uid)), event.name);
    this.deps.onHandled?.(event.name, performance.now() - started);
  }

  /** An event can help these, as a plug-in has found out by now: those that still wait go on. */
  helped(uids: readonly string[], event: ClusterEvent): void {
    for (const uid of uids) {
      const parked = this.#unschedulable.get(uid);
      if (parked !== undefined) this.#release(uid, parked, event.name);
    }
  }

  /** Events that are kept for pods which are being tried, by name. */
  get inFlightEvents(): ReadonlyMap<string, number> {
    return this.#inFlight.eventsByName;
  }

  /** Lets these go on now, whatever refused them, or refuses those that are just being tried. */
  activate(uids: readonly string[], event: string): void {
    for (const uid of uids) {
      this.#inFlight.force(uid);
      const parked = this.#unschedulable.get(uid)?.pod;
      const pod = parked ?? this.#backoff.get(uid) ?? this.#errorBackoff.get(uid);
      if (pod === undefined) continue;
      this.#unschedulable.delete(uid);
      this.#backoff.delete(uid);
      this.#errorBackoff.delete(uid);
      // One that backs off was let in already.
      if (parked === undefined || !this.#isGated(pod.info, event)) this.#activate(pod, event);
    }
  }

  /** Tries pods again that have been refused for long: nothing we know of helped, but we may not know everything. */
  flushOld(): void {
    const { longestUnschedulableMs = 5 * 60_000 } = this.options;
    for (const pod of this.#unschedulable.takeOld(this.deps.clock.monotonic() - longestUnschedulableMs)) {
      if (!this.#isGated(pod.info, 'UnschedulableTimeout')) this.#activate({ ...pod, flushed: true }, 'UnschedulableTimeout');
    }
  }

  stop(): void {
    this.#backoff.stop();
    this.#errorBackoff.stop();
  }

  #isGated(info: PodInfo, event: string): boolean {
    const isGated = this.#gated.keeps(info);
    if (isGated) this.deps.onIncoming('gated', event);
    return isGated;
  }

  #helps(event: ClusterEvent, { pod, refusedBy }: ParkedPod): boolean {
    return this.#hints.helps(event, pod.info, refusedBy);
  }

  #release(uid: string, { pod }: ParkedPod, event: string): void {
    this.#unschedulable.delete(uid);
    this.#goOn(pod, event);
  }

  /** To the active part, unless its back-off has not passed. */
  #goOn(pod: QueuedPod, event: string): void {
    if (this.#isGated(pod.info, event)) return;
    const until = this.#histories.get(pod.uid)?.backoffUntil ?? 0;
    if (until <= this.deps.clock.monotonic()) {
      this.#activate(pod, event);
      return;
    }
    this.#backoff.add(pod, until);
    this.deps.onIncoming('backoff', event);
    this.deps.onActive();
  }

  /** Back-off is for when others wait too (upstream's SchedulerPopFromBackoffQ). */
  #takeEarly(): QueuedPod | undefined {
    const pod = this.#backoff.takeNext((a, b) => a.priority > b.priority);
    if (pod !== undefined) this.deps.onIncoming('active', 'PopFromBackoffQ');
    return pod;
  }

  #activate(pod: QueuedPod, event: string): void {
    this.#active.set(pod);
    this.deps.onIncoming('active', event);
    this.deps.onActive();
  }
}
