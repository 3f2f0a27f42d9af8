import { setMaxListeners } from 'node:events';
import type { corev1 } from '@navarch/api';
import type { ApiClient, InformerFactory } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { ClusterState, schedulePod, type Diagnosis, type LastCycle, type Placement, type PodInfo } from '@navarch/scheduling';
import { Binder } from './binding/binder';
import { ObjectChanges } from './binding/object-changes';
import { WaitingPods } from './binding/waiting-pods';
import type { DecisionLog } from './explain/decision-log';
import { askAboutRoom } from './external/ask-about-room';
import { decideWithExternals } from './external/decide-with-externals';
import type { PodsHelped } from './external/external-plugin';
import { makeRoomWith } from './external/make-room-with';
import { FailureHandler, type FailureHandlerDeps } from './failure-handler';
import { follow } from './follow/follow-cluster';
import { OtherResources } from './follow/other-resources';
import { GangCycles } from './gangs/gang-cycles';
import { PodGroupReporter } from './pod-group-reporter';
import { PodReporter, type Events } from './pod-reporter';
import { makeRoom, type RoomSearch } from './preemption/make-room';
import { Preemptor } from './preemption/preemptor';
import type { Profiles, SchedulerProfile } from './profiles';
import { SchedulingQueue, type Attempt, type QueueOptions } from './queue/scheduling-queue';
import { allInformers, objectsOf, type SchedulerInformers } from './scheduler-informers';
import type { SchedulerMetrics } from './scheduler-metrics';

export interface SchedulerDeps {
  readonly client: ApiClient;
  readonly informers: SchedulerInformers;
  /** For resources that only plug-ins in other processes name. */
  readonly informerOf: InformerFactory['informer'];
  readonly profiles: Profiles;
  readonly eventsFor: (schedulerName: string) => Events;
  readonly decisions: DecisionLog;
  readonly metrics: SchedulerMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/** Pods placed in one go before other work of the process gets its turn. */
const cyclesPerTurn = 64;
const flushEveryMs = 30_000;

/**
 * Takes pods from the queue, finds each a node and binds it. Deciding is synchronous, unless a plug-in of the profile lives in
 * another process, and counts on the pod being there at once; binding goes on behind, many at a time.
 */
export class Scheduler implements Component {
  readonly name = 'scheduler';
  readonly #state: ClusterState;
  readonly #queue: SchedulingQueue;
  readonly #stop = new AbortController();
  readonly #waiting: WaitingPods;
  readonly #changes: ObjectChanges;
  readonly #binder: Binder;
  readonly #preemptor: Preemptor;
  readonly #failures: FailureHandler;
  readonly #gangs: GangCycles;
  readonly #others: OtherResources;
  #unfollow: (() => void) | undefined;
  #turnPlanned = false;
  #startIndex = 0;
  /** What the cycle before found; only within a turn, in which nothing else happens. */
  #lastCycle: LastCycle | undefined;
  #running = false;
  #flush: { cancel(): void } | undefined;

  constructor(options: QueueOptions, private readonly deps: SchedulerDeps) {
    const { client, informers, informerOf, profiles, metrics, clock, log, eventsFor } = deps;
    const { signal } = this.#stop;
    const state = new ClusterState(objectsOf(informers));
    const reporter = new PodReporter({ client, eventsFor, clock, log, signal });
    const queue = new SchedulingQueue(options, {
      clock, state, pluginsFor: ({ spec }) => profiles.pluginsOf(spec.schedulerName), onActive: () => this.#planTurn(),
      onGated: ({ pod }, plugin, reason) => reporter.gated(pod, plugin, reason), onIncoming: (name, event) => metrics.incoming(name, event),
      onHandled: (event, milliseconds) => metrics.handled(event, milliseconds), onHint: (plugin, event, helps, milliseconds) => metrics.hinted(plugin, event, helps, milliseconds),
    });
    const groups = new PodGroupReporter({ client, podGroups: state.objects.podGroups, clock, log, signal });
    const shared = { client, pods: informers.pods, state, queue, reporter, groups, metrics, clock, log, signal };
    this.#state = state;
    this.#queue = queue;
    // The messages on NATS are for the resources that every scheduler follows.
    this.#others = new OtherResources({ informerOf: (type) => informerOf(type, { alwaysWatch: true }), onEvent: (event) => queue.onEvent(event) });
    this.#waiting = new WaitingPods(clock);
    this.#changes = new ObjectChanges(clock, signal);
    this.#binder = new Binder({ ...shared, waiting: this.#waiting, changes: this.#changes });
    this.#preemptor = new Preemptor({ ...shared, waiting: this.#waiting, eventsFor });
    const record: FailureHandlerDeps['record'] = (...decision) => this.#record(...decision);
    this.#failures = new FailureHandler({ ...shared, preemptor: this.#preemptor, record });
    this.#gangs = new GangCycles({
      ...shared, binder: this.#binder, profiles, record,
      search: (attempt, profile) => this.#search(attempt, profile, performance.now()),
      makeRoom: (pod, profile, { diagnosis }) => this.#makeRoom(pod, profile, diagnosis), refused: (attempt, profile, placement, room) => this.#failures.refused(attempt, placement, profile, room, room.nominated),
      failed: (attempt, profile, from, error) => this.#failed(attempt, profile, from, error),
    });
    metrics.watch(
      () => ({
        depths: queue.depths,
        nodes: state.nodes.length,
        placedPods: state.placedPods,
        assumedPods: state.assumedPods,
        bindings: this.#binder.underWay,
        unschedulable: queue.unschedulable,
        inFlightEvents: queue.inFlightEvents,
      }),
      profiles.all.map(({ profile }) => profile.schedulerName),
    );
  }

  async start(): Promise<void> {
    const { informers, profiles } = this.deps;
    this.#unfollow = follow(informers, {
      state: this.#state, queue: this.#queue, isOurs: (pod: corev1.Pod) => profiles.get(pod.spec?.schedulerName) !== undefined,
      onSettled: (uid) => void this.#waiting.refuse(uid, 'pod is gone'), onObject: () => this.#changes.notify(),
    });
    // Every informer listens to it.
    setMaxListeners(0, this.#stop.signal);
    // Deciding before all is known would pile pods onto the nodes that happened to come first.
    await Promise.all(allInformers(informers).map((informer) => informer.waitForSync(this.#stop.signal)));
    this.#running = true;
    const helped: PodsHelped = (uids, event) => {
      if (this.#running) this.#queue.helped(uids, event);
    };
    for (const external of new Set(profiles.all.flatMap(({ externals }) => externals))) {
      external.onHelped?.(helped);
      external.onEventsKnown?.((names) => {
        if (this.#running) this.#others.follow(names);
      });
    }
    this.#planFlush();
    this.#planTurn();
  }

  /** Nothing is decided, bound or removed any more. */
  stop(): Promise<void> {
    this.#running = false;
    this.#stop.abort(new Error('scheduler is stopping'));
    this.#unfollow?.();
    this.#others.stop();
    this.#flush?.cancel();
    this.#queue.stop();
    this.#waiting.refuseAll('scheduler is stopping');
    return Promise.resolve();
  }

  #planFlush(): void {
    this.#flush = this.deps.clock.setTimeout(() => {
      this.#queue.flushOld();
      if (this.#running) this.#planFlush();
    }, flushEveryMs);
  }

  #planTurn(): void {
    if (this.#turnPlanned || !this.#running) return;
    this.#turnPlanned = true;
    setImmediate(() => {
      this.#turn().then((wantsMore) => {
        this.#turnPlanned = false;
        if (wantsMore) this.#planTurn();
      }, (error: unknown) => {
        this.#turnPlanned = false;
        this.deps.log.error({ err: error }, 'a scheduling turn failed');
        this.#planTurn();
      });
    });
  }

  /** True if more pods may be waiting. */
  async #turn(): Promise<boolean> {
    this.#lastCycle = undefined;
    for (let cycle = 0; cycle < cyclesPerTurn; cycle++) {
      const next = this.#pop();
      if (next === undefined) return false;
      const profile = this.deps.profiles.get(next.pod.spec.schedulerName);
      if (profile === undefined) continue;
      const started = performance.now();
      try {
        if (profile.externals.some((external) => external.concerns(next.pod))) {
          await this.#tryWithExternals(next, profile, started);
          this.#lastCycle = undefined;
        } else if (this.#gangs.concern(next, profile)) {
          // What was found for another pod tells nothing of these, nor the other way round.
          this.#lastCycle = undefined;
          cycle += this.#gangs.try(next, profile) - 1;
          this.#lastCycle = undefined;
        } else this.#try(next, profile, started);
      } catch (error) {
        this.#lastCycle = undefined;
        this.#failed(next, profile, started, error);
      }
    }
    return true;
  }

  #pop(): Attempt | undefined {
    return this.#running ? this.#queue.pop() : undefined;
  }

  /** Whether an answer from outside still matters. */
  #stillWants({ uid }: PodInfo): boolean {
    return this.#running && this.#queue.has(uid);
  }

  #try(attempt: Attempt, profile: SchedulerProfile, started: number): void {
    const placement = this.#search(attempt, profile, started);
    const refused = this.#settle(attempt, profile, placement, started);
    if (refused !== undefined) this.#failures.refused(attempt, placement, profile, refused, refused.nominated);
  }

  #search({ pod }: Attempt, { profile }: SchedulerProfile, started: number): Placement {
    const { random, metrics } = this.deps;
    const placement = schedulePod(pod, this.#state, { profile, startIndex: this.#startIndex, random, observer: metrics.cycle(profile.schedulerName), last: this.#lastCycle });
    this.#lastCycle = placement.kind === 'placed' ? placement.cycle : undefined;
    metrics.searched(performance.now() - started);
    this.#goOnBehind(placement);
    return placement;
  }

  /** The next search begins where this one ended. */
  #goOnBehind({ search }: Placement): void {
    const nodes = this.#state.nodes.length;
    this.#startIndex = nodes === 0 ? 0 : (this.#startIndex + search.examined) % nodes;
  }

  async #tryWithExternals(attempt: Attempt, profile: SchedulerProfile, started: number): Promise<void> {
    const { random, log, metrics } = this.deps;
    const { pod } = attempt;
    const { signal } = this.#stop;
    const externals = profile.externals.filter((external) => external.concerns(pod));
    const placement = await decideWithExternals(pod, this.#state, { profile: profile.profile, externals, startIndex: this.#startIndex, random, signal, log, observer: metrics.cycle(profile.profile.schedulerName) });
    if (!this.#stillWants(pod)) return;
    metrics.searched(performance.now() - started);
    this.#goOnBehind(placement);
    const refused = this.#settle(attempt, profile, placement, started);
    if (refused === undefined) return;
    if (refused.nominated === undefined) {
      const helped = placement.kind === 'placed' ? { message: '' } : await makeRoomWith(pod, placement.diagnosis, externals, { state: this.#state, signal, log });
      const message = [refused.message, helped.message].filter((text) => text !== '').join(', ');
      if (this.#stillWants(pod)) this.#failures.refused(attempt, placement, profile, { ...refused, message: helped.nominated === undefined ? message : '' }, helped.nominated);
      return;
    }
    const room = await askAboutRoom(pod, refused.candidates ?? [refused.nominated], externals, { state: this.#state, signal, log });
    if (!this.#stillWants(pod)) return;
    if ('node' in room) this.#failures.refused(attempt, placement, profile, refused, room);
    else this.#failures.refused(attempt, placement, profile, { message: [...refused.said, `preemption: ${room.declined}`].join(', ') }, undefined);
  }

  /** What failed for a pod that is gone meanwhile, or while this stops, is nobody's business. */
  #failed(attempt: Attempt, profile: SchedulerProfile, started: number, error: unknown): void {
    if (this.#stillWants(attempt.pod)) this.#failures.failed(attempt, profile, started, error);
  }

  /** Carries a placement out; what can be done for a pod that no node takes comes back. */
  #settle(attempt: Attempt, profile: SchedulerProfile, placement: Placement, started: number): RoomSearch | undefined {
    if (placement.kind === 'placed') {
      this.#record(attempt, profile, placement, '');
      this.#binder.carryOut({ ...attempt, profile, node: placement.node, started });
      return undefined;
    }
    this.deps.metrics.attempt('unschedulable', profile.profile.schedulerName, performance.now() - started);
    return this.#makeRoom(attempt.pod, profile, placement.diagnosis);
  }

  #makeRoom(pod: PodInfo, { profile }: SchedulerProfile, diagnosis: Diagnosis): RoomSearch {
    const { metrics, random } = this.deps;
    return makeRoom(pod, profile, diagnosis, { state: this.#state, preemptor: this.#preemptor, metrics, random });
  }

  #record({ pod, attempts }: Attempt, { profile }: SchedulerProfile, placement: Placement, message: string): void {
    this.deps.decisions.record({ pod, at: this.deps.clock.now(), profile: profile.schedulerName, attempt: attempts, placement, message });
  }
}
