import { core, type corev1 } from '@navarch/api';
import { isNotFound, isTimeout } from '@navarch/apimachinery';
import type { ApiClient, Informer } from '@navarch/client';
import { eitherOf, type Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import { podInfo, type BindingContext, type BindingListener, type ClusterState, type MeasuredPoint, type PermitAnswer, type PodInfo, type PointStatus, type Profile } from '@navarch/scheduling';
import type { PodGroupReporter } from '../pod-group-reporter';
import type { PodReporter } from '../pod-reporter';
import type { SchedulerProfile } from '../profiles';
import type { Attempt, SchedulingQueue } from '../queue/scheduling-queue';
import type { SchedulerMetrics } from '../scheduler-metrics';
import type { ObjectChanges } from './object-changes';
import { isBindingRefusal, placeRefusal } from './binding-refusal';
import { ExternalBinding } from './external-binding';
import { Expectation, nominatedTo } from './expectation';
import { asPlugin, fromPlugin, PluginFailure } from './plugin-failure';
import type { WaitingPods } from './waiting-pods';

/** A node was found for a pod. */
export interface Decision extends Attempt {
  readonly profile: SchedulerProfile;
  readonly node: string;
  /** By `performance.now()`. */
  readonly started: number;
}

export interface BinderDeps {
  readonly client: ApiClient;
  readonly pods: Informer<corev1.Pod>;
  readonly state: ClusterState;
  readonly queue: SchedulingQueue;
  readonly waiting: WaitingPods;
  readonly changes: ObjectChanges;
  readonly reporter: PodReporter;
  readonly groups: PodGroupReporter;
  readonly metrics: SchedulerMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts when this scheduler does not lead any more: then nothing is bound. */
  readonly signal: AbortSignal;
}

/** Carries decisions out: Reserve and Permit at once, so that the next decision counts on them; PreBind, Bind and PostBind behind. */
export class Binder {
  readonly #context: BindingContext;
  #underWay = 0;

  constructor(private readonly deps: BinderDeps) {
    const { client, state, signal, clock, changes, metrics, reporter } = deps;
    const listener: BindingListener = {
      claimCreated: (succeeded) => metrics.claimCreated(succeeded),
      waitsForDevices: ({ pod, spec }, node, drivers) => {
        reporter.waitsForDevices(pod, node);
        const from = performance.now();
        return (outcome) => metrics.waitedForDevices(spec.schedulerName ?? 'default-scheduler', drivers, outcome, performance.now() - from);
      },
    };
    this.#context = { api: client, state, signal, now: () => clock.now(), until: changes.until, listener };
  }

  /** How many bindings have begun and not ended. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Counts on the decision; its binding goes on in the background and never rejects. */
  carryOut(decision: Decision): void {
    if (this.reserve(decision)) this.bind(decision);
  }

  /** Counts on the decision from now on; `bind` or `letGo` must follow. False if a plug-in takes it back, which is dealt with then. */
  reserve(decision: Decision): boolean {
    const { state } = this.deps;
    const { pod, node, profile: { profile } } = decision;
    state.assume(pod, node);
    const where = state.node(node);
    const from = performance.now();
    try {
      for (const plugin of profile.reserve) {
        const refused = where === undefined ? undefined : fromPlugin('Reserve', plugin.name, () => plugin.reserve?.(pod, where, state));
        if (refused !== undefined) throw placeRefusal(plugin.name, ...refused.reasons);
      }
    } catch (error) {
      this.#tell(profile, 'Reserve', from, isBindingRefusal(error) ? 'Unschedulable' : 'Error');
      this.#failed(decision, error);
      return false;
    }
    this.#tell(profile, 'Reserve', from, 'Success');
    return true;
  }

  /** Takes back what was reserved a moment ago, and nobody has been told of. Never throws: a plug-in that fails keeps nobody else from letting go. */
  letGo({ pod, profile: { profile } }: Pick<Decision, 'pod' | 'profile'>): void {
    const { state, log } = this.deps;
    // The last that reserved is the first to let go.
    for (const plugin of [...profile.reserve].reverse()) {
      try {
        plugin.unreserve?.(pod, state);
      } catch (error) {
        log.error({ pod: keyOf(pod), plugin: plugin.name, err: error }, 'a plug-in could not let go of what it had reserved');
      }
    }
    state.forget(pod.uid);
  }

  /** Goes on in the background and never rejects. */
  bind(decision: Decision): void {
    this.#underWay++;
    void this.#bind(decision).finally(() => this.#underWay--);
  }

  #tell({ schedulerName }: Profile, point: MeasuredPoint, from: number, status: PointStatus): void {
    this.deps.metrics.point(schedulerName, point, performance.now() - from, status);
  }

  /** Does one part of a binding and tells how long it took. */
  async #part(profile: Profile, point: MeasuredPoint, work: () => Promise<void>): Promise<void> {
    const from = performance.now();
    try {
      await work();
    } catch (error) {
      this.#tell(profile, point, from, isBindingRefusal(error) ? 'Unschedulable' : 'Error');
      throw error;
    }
    this.#tell(profile, point, from, 'Success');
  }

  async #bind(decision: Decision): Promise<void> {
    const { pod, node, profile: { profile, externals }, started, attempts, since, flushed } = decision;
    const { state, signal, metrics, reporter, groups, clock, waiting, queue } = this.deps;
    const outside = new ExternalBinding(externals.filter((external) => external.concerns(pod)), pod, node, this.deps);
    const expectation = new Expectation(pod.pod, node, this.deps);
    const works = outside.worksBeforeBinding || profile.preBind.some((plugin) => plugin.worksBeforeBinding?.(pod, state));
    // Until it is about to be bound, a more important pod can take its place.
    const preempted = works || profile.permit.length + externals.length > 0 ? waiting.prepare(pod.uid) : undefined;
    try {
      if (externals.length > 0) await outside.reserve();
      preempted?.throwIfAborted();
      if (works) await expectation.announce();
      preempted?.throwIfAborted();
      if (profile.permit.length + externals.length > 0) await this.#part(profile, 'Permit', () => this.#permit(decision, outside, expectation));
      // Permit is the last that can refuse a pod: until then the queue keeps what happens (upstream's bindingCycle).
      queue.done(pod.uid);
      await this.#part(profile, 'PreBind', () => this.#preBind(decision, outside, works ? preempted : undefined));
      preempted?.throwIfAborted();
      waiting.endPreparing(pod.uid);
      signal.throwIfAborted();
      await this.#part(profile, 'Bind', () => outside.bind(() => asPlugin('Bind', 'DefaultBinder', () => this.#write(pod, node))));
      const bound = performance.now();
      for (const plugin of profile.postBind) plugin.postBind?.(pod, node, state);
      outside.postBind();
      this.#tell(profile, 'PostBind', bound, 'Success');
      metrics.attempt('scheduled', profile.schedulerName, performance.now() - started);
      metrics.scheduled(attempts, clock.monotonic() - since, flushed);
      reporter.scheduled(pod.pod, node);
      groups.scheduled(pod);
    } catch (error) {
      if (signal.aborted) return;
      outside.unreserve();
      await this.#undo(decision);
      waiting.endPreparing(pod.uid);
      if (!this.deps.signal.aborted) this.#failed(decision, error, expectation.announced);
    }
  }

  /** What must be done first. `preempted` aborts when a more important pod takes the place meanwhile. */
  async #preBind({ pod, node, profile: { profile } }: Decision, outside: ExternalBinding, preempted: AbortSignal | undefined): Promise<void> {
    if (!preempted) {
      for (const plugin of profile.preBind) await asPlugin('PreBind', plugin.name, () => plugin.preBind?.(pod, node, this.#context));
      await outside.preBind();
      return;
    }
    preempted.addEventListener('abort', () => this.deps.changes.notify());
    const until: BindingContext['until'] = (condition, timeoutMs) => this.#context.until(() => {
      preempted.throwIfAborted();
      return condition();
    }, timeoutMs);
    await eitherOf([this.#context.signal, preempted], async (signal) => {
      const context: BindingContext = { ...this.#context, until, signal };
      for (const plugin of profile.preBind) {
        await asPlugin('PreBind', plugin.name, async () => {
          await plugin.preBind?.(pod, node, context);
          preempted.throwIfAborted();
        });
      }
    });
    await outside.preBind();
    preempted.throwIfAborted();
  }

  /** Never rejects: what is left behind is found when the pod is tried again. */
  async #undo({ pod, profile: { profile } }: Decision): Promise<void> {
    for (const plugin of profile.preBind) {
      if (plugin.undoPreBind === undefined) continue;
      try {
        await plugin.undoPreBind(pod, this.#context);
      } catch (error) {
        if (!this.deps.signal.aborted) this.deps.log.warn({ pod: keyOf(pod), plugin: plugin.name, err: error }, 'what was written for a binding could not be taken back');
      }
    }
  }

  /** Permit says yes, no, or wait; who waits may be let go by another. All are asked before any is waited for: one that refuses the pod keeps it from waiting for the others (upstream's RunPermitPlugins). */
  async #permit({ pod, node, profile: { profile } }: Decision, outside: ExternalBinding, expectation: Expectation): Promise<void> {
    const { state, waiting } = this.deps;
    const waits: Promise<void>[] = [];
    const carryOut = (plugin: string, answer: PermitAnswer): void => {
      if (answer.kind === 'refuse') throw placeRefusal(plugin, answer.reason);
      if (answer.kind === 'allow') {
        waiting.allow(answer.allow ?? [], plugin);
        return;
      }
      // It waits from now on: another may let it go while others are asked, or told of its node.
      const wait = this.#waitOnPermit(pod, plugin, answer.timeoutMs);
      // What it comes to is looked at below, or does not matter any more.
      wait.catch(() => undefined);
      waits.push(wait);
    };
    try {
      for (const plugin of profile.permit) {
        const where = state.node(node);
        const answer = where === undefined ? undefined : fromPlugin('Permit', plugin.name, () => plugin.permit?.(pod, where, state));
        if (answer !== undefined) carryOut(plugin.name, answer);
      }
      await outside.permit(carryOut);
      if (waits.length > 0) await expectation.announce();
      await Promise.all(waits);
    } finally {
      waiting.endWaiting(pod.uid);
    }
  }

  async #waitOnPermit({ uid }: PodInfo, plugin: string, timeoutMs: number): Promise<void> {
    const from = performance.now();
    const outcome = await this.deps.waiting.wait(uid, plugin, timeoutMs);
    this.deps.metrics.permitWaited(outcome.allowed, performance.now() - from);
    if (outcome.allowed) return;
    throw outcome.preempted === true ? new Error(`waiting on permit for pod: ${outcome.reason}`) : placeRefusal(plugin, outcome.reason);
  }

  async #write(pod: PodInfo, node: string): Promise<void> {
    const { client, signal } = this.deps;
    const binding: corev1.Binding = {
      apiVersion: 'v1', kind: 'Binding', metadata: { namespace: pod.namespace, name: pod.name, uid: pod.uid }, target: { apiVersion: 'v1', kind: 'Node', name: node },
    };
    try {
      await client.createSubresource(core.pods, keyOf(pod), 'binding', binding, { signal });
    } catch (error) {
      // Nobody told the outcome; caches are as new as the API by now.
      const current = isTimeout(error) ? this.deps.pods.get(pod) : undefined;
      if (current?.metadata.uid !== pod.uid || current.spec?.nodeName !== node) throw error;
    }
  }

  /** The decision is taken back; the pod is tried again unless it is bound or gone. */
  #failed({ pod, node, profile, started }: Decision, error: unknown, announced = false): void {
    const { state, queue, metrics, log, reporter, groups } = this.deps;
    const { schedulerName } = profile.profile;
    this.letGo({ pod, profile });
    // Nobody is to expect it there any more, whoever said so.
    state.nominations.delete(pod.uid);
    const latest = this.#latest(pod);
    const shown = announced ? nominatedTo(latest.pod, node) : latest.pod;
    // Only what the API says to a binding is about the pod.
    const gone = error instanceof PluginFailure ? error.point === 'Bind' && isNotFound(error.cause) : isNotFound(error);
    if (gone || (!isBindingRefusal(error) && this.#boundOrGone(pod))) queue.remove(pod.uid);
    else if (isBindingRefusal(error)) {
      metrics.attempt('unschedulable', schedulerName, performance.now() - started);
      queue.park(latest, [error.plugin]);
      void reporter.unschedulable(shown, error.message, '');
      groups.unschedulable(pod, error.message);
    } else {
      metrics.attempt('error', schedulerName, performance.now() - started);
      log.warn({ pod: keyOf(pod), node, err: error }, 'binding failed, the pod is tried again');
      queue.retry(latest);
      reporter.failed(shown, error, '');
      groups.failed(pod, error);
    }
    // What it held is free for others.
    queue.onEvent({ name: 'AssignedPodDelete', before: pod.pod }, ({ uid }) => uid !== pod.uid);
  }

  /** The pod as it is now: nobody followed its changes while it had a node. */
  #latest(pod: PodInfo): PodInfo {
    const current = this.deps.pods.get({ namespace: pod.namespace, name: pod.name });
    return current === undefined || current === pod.pod || current.metadata.uid !== pod.uid ? pod : podInfo(current);
  }

  #boundOrGone({ namespace, name, uid }: PodInfo): boolean {
    const current = this.deps.pods.get({ namespace, name });
    return current === undefined || current.metadata.uid !== uid || (current.spec?.nodeName ?? '') !== '';
  }
}

const keyOf = ({ namespace, name }: PodInfo): { namespace: string; name: string } => ({ namespace, name });
