import { resource, type corev1, type resourcev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import type { ApiClient } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { askNode, ClusterState, deleteClaim, fitMessage, schedulePod, type LastCycle, type Placement, type PodInfo, type PointStatus, type PostFilterResult } from '@navarch/scheduling';
import { Binder } from './binding/binder';
import { ObjectChanges } from './binding/object-changes';
import { WaitingPods } from './binding/waiting-pods';
import type { DecisionLog } from './explain/decision-log';
import { askAboutRoom } from './external/ask-about-room';
import { decideWithExternals } from './external/decide-with-externals';
import type { PodsHelped } from './external/external-plugin';
import { makeRoomWith } from './external/make-room-with';
import { follow } from './follow/follow-cluster';
import { tryGang } from './gangs/gang-cycle';
import { PodGroupReporter } from './pod-group-reporter';
import { PodReporter, type Events } from './pod-reporter';
import { Preemptor } from './preemption/preemptor';
import type { Profiles, SchedulerProfile } from './profiles';
import { SchedulingQueue, type Attempt, type QueueOptions } from './queue/scheduling-queue';
import { allInformers, objectsOf, type SchedulerInformers } from './scheduler-informers';
import type { SchedulerMetrics } from './scheduler-metrics';

export interface SchedulerDeps {
  readonly client: ApiClient;
  readonly informers: SchedulerInformers;
  readonly profiles: Profiles;
  readonly eventsFor: (schedulerName: string) => Events;
  readonly decisions: DecisionLog;
  readonly metrics: SchedulerMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/** What PostFilter came to. */
interface RoomSearch extends PostFilterResult {
  /** By the plug-ins before the one that found room. */
  readonly said: readonly string[];
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
  readonly #reporter: PodReporter;
  readonly #groups: PodGroupReporter;
  readonly #binder: Binder;
  readonly #preemptor: Preemptor;
  #unfollow: (() => void) | undefined;
  #turnPlanned = false;
  #startIndex = 0;
  /** What the cycle before found; only within a turn, in which nothing else happens. */
  #lastCycle: LastCycle | undefined;
  #running = false;
  #flush: { cancel(): void } | undefined;

  constructor(options: QueueOptions, private readonly deps: SchedulerDeps) {
    const { client, informers, profiles, metrics, clock, log, eventsFor } = deps;
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
    this.#reporter = reporter;
    this.#groups = groups;
    this.#waiting = new WaitingPods(clock);
    this.#changes = new ObjectChanges(clock, signal);
    this.#binder = new Binder({ ...shared, waiting: this.#waiting, changes: this.#changes });
    this.#preemptor = new Preemptor({ ...shared, waiting: this.#waiting, eventsFor });
    metrics.watch(() => ({ depths: queue.depths, nodes: state.nodes.length, placedPods: state.placedPods, assumedPods: state.assumedPods, bindings: this.#binder.underWay, unschedulable: queue.unschedulable, inFlightEvents: queue.inFlightEvents }), profiles.all.map(({ profile }) => profile.schedulerName));
  }

  async start(): Promise<void> {
    const { informers, profiles } = this.deps;
    this.#unfollow = follow(informers, {
      state: this.#state, queue: this.#queue, isOurs: (pod: corev1.Pod) => profiles.get(pod.spec?.schedulerName) !== undefined,
      onSettled: (uid) => void this.#waiting.refuse(uid, 'pod is gone'), onObject: () => this.#changes.notify(),
    });
    // Deciding before all is known would pile pods onto the nodes that happened to come first.
    await Promise.all(allInformers(informers).map((informer) => informer.waitForSync(this.#stop.signal)));
    this.#running = true;
    const helped: PodsHelped = (uids, event) => {
      if (this.#running) this.#queue.helped(uids, event);
    };
    for (const external of new Set(profiles.all.flatMap(({ externals }) => externals))) external.onHelped?.(helped);
    this.#planFlush();
    this.#planTurn();
  }

  /** Nothing is decided, bound or removed any more. */
  stop(): Promise<void> {
    this.#running = false;
    this.#stop.abort(new Error('scheduler is stopping'));
    this.#unfollow?.();
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
        } else if (this.#isOfGang(next, profile)) this.#tryGang(next, profile);
        else this.#try(next, profile, started);
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
    const placement = schedulePod(attempt.pod, this.#state, { profile: profile.profile, startIndex: this.#startIndex, random: this.deps.random, observer: this.deps.metrics.cycle(profile.profile.schedulerName), last: this.#lastCycle });
    this.#lastCycle = placement.kind === 'placed' ? placement.cycle : undefined;
    this.deps.metrics.searched(performance.now() - started);
    const refused = this.#settle(attempt, profile, placement, started);
    if (refused !== undefined) this.#refused(attempt, placement, profile, refused, refused.nominated);
  }

  #isOfGang({ pod }: Attempt, { profile, externals }: SchedulerProfile): boolean {
    if (externals.length > 0 || !profile.permit.some(({ name }) => name === 'GangScheduling')) return false;
    return (this.#state.gangs.of(pod)?.minCount ?? 0) > 1;
  }

  /** A pod is tried with all of its gang that wait, the most important first, then those that came first. */
  #tryGang(first: Attempt, profile: SchedulerProfile): void {
    const { schedulerName } = profile.profile;
    const others = this.#queue.popThese(this.#state.gangs.of(first.pod)?.members ?? [], ({ spec }) => this.deps.profiles.get(spec.schedulerName) === profile);
    const attempts = [first, ...others].sort((a, b) => b.pod.priority - a.pod.priority || a.since - b.since);
    this.#lastCycle = undefined;
    tryGang(attempts, profile, {
      state: this.#state, binder: this.#binder,
      search: (attempt) => {
        const started = performance.now();
        const placement = schedulePod(attempt.pod, this.#state, { profile: profile.profile, startIndex: this.#startIndex, random: this.deps.random, observer: this.deps.metrics.cycle(schedulerName) });
        this.deps.metrics.searched(performance.now() - started);
        this.#goOnBehind(placement);
        return placement;
      },
      placed: (attempt, _profile, placement) => this.#record(attempt, profile, placement, ''),
      makeRoom: (pod, _profile, placement) => this.#makeRoom(pod, profile, placement),
      refused: (attempt, _profile, placement, room, started) => {
        this.deps.metrics.attempt('unschedulable', schedulerName, performance.now() - started);
        this.#refused(attempt, placement, profile, room, room.nominated);
      },
      alone: (attempt, _profile, placement, reason, started) => {
        const { pod } = attempt;
        this.deps.metrics.attempt('unschedulable', schedulerName, performance.now() - started);
        this.#record(attempt, profile, placement, reason);
        this.#state.nominations.delete(pod.uid);
        this.#queue.park(pod, ['GangScheduling']);
        void this.#reporter.unschedulable(pod.pod, reason, '');
      },
      failed: (attempt, _profile, started, error) => this.#failed(attempt, profile, started, error),
    });
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
    const refused = this.#settle(attempt, profile, placement, started);
    if (refused === undefined) return;
    if (refused.nominated === undefined) {
      const helped = placement.kind === 'placed' ? { message: '' } : await makeRoomWith(pod, placement.diagnosis, externals, { state: this.#state, signal, log });
      const message = [refused.message, helped.message].filter((text) => text !== '').join(', ');
      if (this.#stillWants(pod)) this.#refused(attempt, placement, profile, { ...refused, message: helped.nominated === undefined ? message : '' }, helped.nominated);
      return;
    }
    const room = await askAboutRoom(pod, refused.candidates ?? [refused.nominated], externals, { state: this.#state, signal, log });
    if (!this.#stillWants(pod)) return;
    if ('node' in room) this.#refused(attempt, placement, profile, refused, room);
    else this.#refused(attempt, placement, profile, { message: [...refused.said, `preemption: ${room.declined}`].join(', ') }, undefined);
  }

  /** A plug-in failed, here or in another process: that is not the pod's fault, and others go on. */
  #failed({ pod }: Attempt, { profile }: SchedulerProfile, started: number, error: unknown): void {
    if (!this.#stillWants(pod)) return;
    this.deps.metrics.attempt('error', profile.schedulerName, performance.now() - started);
    this.deps.log.warn({ pod: `${pod.namespace}/${pod.name}`, err: error }, 'scheduling failed, the pod is tried again');
    this.#queue.retry(pod);
    this.#state.nominations.delete(pod.uid);
    this.#reporter.failed(pod.pod, error, '');
    this.#groups.failed(pod, error);
  }

  /** Carries a placement out; what can be done for a pod that no node takes comes back. */
  #settle(attempt: Attempt, profile: SchedulerProfile, placement: Placement, started: number): RoomSearch | undefined {
    this.#goOnBehind(placement);
    if (placement.kind === 'placed') {
      this.#record(attempt, profile, placement, '');
      this.#binder.carryOut({ ...attempt, profile, node: placement.node, started });
      return undefined;
    }
    this.deps.metrics.attempt('unschedulable', profile.profile.schedulerName, performance.now() - started);
    return this.#makeRoom(attempt.pod, profile, placement);
  }

  /** PostFilter: the first plug-in that finds room has its way. */
  #makeRoom(pod: PodInfo, { profile }: SchedulerProfile, { diagnosis }: Placement & { kind: 'refused' }): RoomSearch {
    if (this.#preemptor.holdsBack(pod.uid)) return { message: '', said: [], underWay: true };
    if (diagnosis.nodes === 0) return { message: '', said: [], clearNomination: true };
    const started = performance.now();
    const messages: string[] = [];
    // Where nobody makes room, a node that does not take the pod is of no use to it.
    let clearNomination = profile.postFilter.length === 0;
    let release: PostFilterResult['release'];
    let remove: PostFilterResult['remove'];
    let underWay: PostFilterResult['underWay'];
    const tell = (status: PointStatus): void => this.deps.metrics.point(profile.schedulerName, 'PostFilter', performance.now() - started, status);
    for (const plugin of profile.postFilter) {
      if (plugin.name === 'DefaultPreemption') this.deps.metrics.preemptionTried();
      const result = plugin.postFilter?.(pod, this.#state, { diagnosis, ask: (node) => askNode(pod, this.#state, profile, node), random: this.deps.random });
      if (result?.nominated !== undefined) {
        tell('Success');
        return { ...result, said: messages };
      }
      if (result?.message !== undefined && result.message !== '') messages.push(result.message);
      clearNomination ||= result?.clearNomination === true;
      release ??= result?.release;
      remove ??= result?.remove;
      underWay ??= result?.underWay;
    }
    tell('Unschedulable');
    return { message: messages.join(', '), said: messages, clearNomination, ...(release === undefined ? {} : { release }), ...(remove === undefined ? {} : { remove }), ...(underWay === undefined ? {} : { underWay }) };
  }

  #refused(attempt: Attempt, placement: Placement, profile: SchedulerProfile, { message: said, clearNomination, release, remove }: PostFilterResult, room: PostFilterResult['nominated']): void {
    if (placement.kind === 'placed') return;
    const { pod } = attempt;
    const message = fitMessage(placement.diagnosis, said);
    this.#record(attempt, profile, placement, message);
    this.#groups.unschedulable(pod, message);
    this.#queue.park(pod, placement.diagnosis.refusedBy);
    const { signal } = this.#stop;
    if (release !== undefined) void this.#freeDevices(pod, release, () => this.deps.client.updateStatus(resource.resourceclaims, release, { signal }));
    if (remove !== undefined) void this.#freeDevices(pod, remove, () => deleteClaim(remove, { api: this.deps.client, signal }));
    if (room !== undefined) void this.#preemptor.preempt(pod, room.node, room.victims, message);
    else {
      if (clearNomination === true) this.#state.nominations.delete(pod.uid);
      void this.#reporter.unschedulable(pod.pod, message, clearNomination === true ? '' : undefined);
    }
  }

  /** Never rejects: what cannot be written now is decided anew when the pod is tried again. */
  async #freeDevices(pod: PodInfo, claim: resourcev1.ResourceClaim, write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (this.#stop.signal.aborted || isNotFound(error)) return;
      this.deps.log.warn({ pod: `${pod.namespace}/${pod.name}`, claim: claim.metadata.name, err: error }, 'devices of a claim could not be given up; the pod is tried again');
      this.#queue.activate([pod.uid], 'ReleaseFailed');
    }
  }

  #record({ pod, attempts }: Attempt, { profile }: SchedulerProfile, placement: Placement, message: string): void {
    this.deps.decisions.record({ pod, at: this.deps.clock.now(), profile: profile.schedulerName, attempt: attempts, placement, message });
  }
}
