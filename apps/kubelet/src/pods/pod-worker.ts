import { type corev1 } from '@navarch/api';
import { type Timer } from '@navarch/clock';
import { containerHash } from '../containers/container-hash';
import { type PodProbes } from '../probes/pod-probes';
import { isOwnNews, sameLabels } from '../status/status-patch';
import { type Decision } from './decision';
import { startKey } from './pod-action';
import { PodActions } from './pod-actions';
import { type PodWorkerDeps } from './pod-worker-deps';
import { decide } from './pod-lifecycle';
import { type PodObservation, type Termination } from './pod-observation';
import { isTerminalPhase, podText, uidOf } from './pod-spec';
import { computePodStatus, startsBefore } from './pod-status';
import { deadlineMs, graceSecondsOf, nextTermination } from './pod-termination';
import { PodResizing } from './pod-resizing';
import { type PendingResize } from './resize';
import { isResizing, type GivenResources } from './resize-conditions';
import { type ResizeTrigger } from './resize-metrics';
import { type WaitingResize } from './resize-order';
import { ResizeProgress } from './resize-progress';
import { emptyRuntimeView, type RuntimeView } from './runtime-view';
import { SyncRounds } from './sync-rounds';

/**
 * One pod on this node. Decisions are taken one at a time, on every change of what is seen; the actions decided on
 * run beside each other, and each end of one is a change.
 */
export class PodWorker {
  /** As the API has it, but for the resources that are not set aside yet. */
  #pod: corev1.Pod;
  #given: corev1.Pod;
  #status: corev1.PodStatus;
  #termination: Termination | undefined;
  #scheduled = false;
  #cleaned = false;
  #done = false;
  #timer: Timer | undefined;
  readonly #actions: PodActions;
  readonly #resizing: PodResizing;
  readonly #resizes: ResizeProgress;
  readonly #probes: PodProbes;
  readonly #syncs: SyncRounds;

  constructor(pod: corev1.Pod, view: RuntimeView = emptyRuntimeView, private readonly deps: PodWorkerDeps) {
    this.#given = pod;
    this.#resizing = new PodResizing(pod, view);
    this.#resizes = new ResizeProgress(this.#resizing, deps);
    this.#pod = this.#resizing.allocated(pod);
    this.#status = pod.status ?? {};
    const { executor, events, clock, log, metrics, observe, onCrash } = deps;
    this.#actions = new PodActions(view, {
      executor, events, clock, log, metrics, observe, onCrash, resizing: this.#resizing, pod: () => this.#pod, termination: () => this.#termination, onChange: () => this.wake(), onResized: () => deps.onResize('pod_resized'), onReject: (reason, message) => this.reject(reason, message), maxRestartWaitMs: deps.maxRestartWaitMs,
    });
    this.#probes = deps.probes(() => this.wake());
    this.#syncs = new SyncRounds((type, seconds) => deps.onSync?.(type, seconds));
    // Its end was reported before this kubelet began: nothing of it may run again.
    if (isTerminalPhase(pod.status?.phase)) this.#termination = { cause: 'finished', graceSeconds: graceSecondsOf(pod), startedAtMs: deps.clock.now() };
  }

  get pod(): corev1.Pod {
    return this.#pod;
  }

  get view(): RuntimeView {
    return this.#actions.view;
  }

  get status(): corev1.PodStatus {
    return this.#status;
  }

  /** Milliseconds that it waited for images. */
  get imagesMs(): number {
    return this.#actions.imagesMs;
  }

  /** Nothing of the pod runs, and nothing will. */
  get stopped(): boolean {
    return this.#cleaned;
  }

  /** It counts against what the node has: not yet over, or something of it still runs. */
  get holdsRoom(): boolean {
    return !this.#cleaned && (!isTerminalPhase(this.#status.phase) || this.view.containers.some(({ state }) => state !== 'exited'));
  }

  /** With all that it keeps from other pods: more than its spec says while it shrinks. */
  get held(): corev1.Pod {
    return this.#resizing.held(this.#given, this.view.containers);
  }

  /** Where its resize is, if there is one. */
  get resize(): { readonly pending?: PendingResize['reason']; readonly inProgress: boolean } {
    const { pending } = this.#resizing.shown;
    return { ...(pending ? { pending: pending.reason } : {}), inProgress: isResizing(this.#pod, this.view, this.#resources) };
  }

  get #resources(): GivenResources {
    return { applied: (id) => this.#resizing.applied(id), podHasItsOwn: this.#resizing.podHasItsOwn };
  }

  /** A resize that somebody should look whether there is room for; undefined where there is none. */
  get waitingResize(): WaitingResize | undefined {
    return this.#termination ? undefined : this.#resizes.waiting(this.#given, this.#pod);
  }

  /** It is being ended, for whatever reason. */
  get ending(): boolean {
    return this.#termination !== undefined;
  }

  /** Nobody wants the pod any more: it is gone from the API, or from its source. */
  get unwanted(): boolean {
    return this.#termination?.cause === 'removed';
  }

  get done(): boolean {
    return this.#done;
  }

  get probeResults(): (containerId: string) => ReturnType<PodProbes['results']> {
    return (id) => this.#probes.results(id);
  }

  /** A newer object of the same pod. */
  update(pod: corev1.Pod): void {
    const before = this.#pod;
    const isNews = !isOwnNews(this.#given, pod);
    this.#resizes.updated(this.#given, pod);
    this.#given = pod;
    this.#pod = this.#resizing.allocated(pod);
    const wasOver = isTerminalPhase(this.#status.phase);
    this.#followEnd(pod.status ?? {});
    if (!isNews && isTerminalPhase(this.#status.phase) === wasOver) {
      // Upstream's kubelet syncs no pod for this, but puts right what somebody else has written.
      if (this.#termination?.cause !== 'removed') this.deps.onStatus(this.#pod, this.#status);
      return;
    }
    this.#syncs.updated();
    // What shows them is not to wait for its turn.
    if (!sameLabels(before, pod)) this.refreshVolumes();
    this.wake();
  }

  /** What the API has ended stays ended, whoever did it; upstream's pod workers see it so too. */
  #followEnd({ phase, reason, message }: corev1.PodStatus): void {
    if (phase === undefined || !isTerminalPhase(phase) || isTerminalPhase(this.#status.phase)) return;
    this.#status = { ...this.#status, phase, ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
    this.#termination ??= { cause: 'finished', graceSeconds: graceSecondsOf(this.#pod), startedAtMs: this.deps.clock.now() };
  }

  /** The pod is gone from the API, confirmed: ends whatever is left of it. */
  remove(): void {
    if (this.#termination?.cause !== 'removed') {
      this.#termination = { cause: 'removed', graceSeconds: graceSecondsOf(this.#pod), startedAtMs: this.deps.clock.now() };
    }
    this.wake();
  }

  /** Gives the pod up: it fails with this reason, and what runs of it is ended. */
  fail(reason: string, message: string): void {
    this.#termination ??= { cause: 'failed', graceSeconds: graceSecondsOf(this.#pod), startedAtMs: this.deps.clock.now(), reason, message };
    this.wake();
  }

  /** Gives the pod up with no more grace than this. `disruption`: what its DisruptionTarget condition says where it ends for the node's sake. */
  disrupt(reason: string, message: string, disruption: string | undefined, graceSeconds = Infinity): void {
    this.#termination ??= { cause: 'failed', graceSeconds: Math.max(1, Math.min(graceSeconds, graceSecondsOf(this.#pod))), startedAtMs: this.deps.clock.now(), reason, message, ...(disruption === undefined ? {} : { disruption }) };
    this.wake();
  }

  /** The pod may not run here: as `fail`, and said in an event. */
  reject(reason: string, message: string): void {
    this.deps.events.pod(this.#pod, 'Warning', reason, message.replace(/^Pod was rejected: /, ''));
    this.deps.metrics.rejections.inc({ reason });
    this.fail(reason, message);
  }

  /** Something outside has changed, such as the network: try again what waits for a retry. */
  retryNow(): void {
    this.#actions.runner.retries.clear();
    this.wake();
  }

  /** The runtime has news of the pod. */
  refresh(): void {
    this.#actions.refresh();
  }

  /** Removes dead containers but the newest of each name, and sandboxes that nothing is left of. */
  collectGarbage(): void {
    this.#actions.collectGarbage(this.deps.clock.now());
  }

  /** Looks at the pod's live volumes again. */
  refreshVolumes(): void {
    if (this.#actions.volumesReady && !this.#termination) this.#actions.refreshVolumes();
  }

  wake(): void {
    if (this.#scheduled || this.#done) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#done) this.#step();
    });
  }

  /** Leaves the pod as it is: the kubelet ends, its pods go on. */
  close(): void {
    this.#done = true;
    this.#timer?.cancel();
    this.#probes.stop();
    this.#actions.runner.close('kubelet is stopping');
  }

  #step(): void {
    const now = this.deps.clock.now();
    const before = this.#termination;
    this.#termination = nextTermination(this.#pod, before, this.#status.startTime, now);
    if (this.#termination?.reason === 'DeadlineExceeded' && !before) {
      this.deps.events.pod(this.#pod, 'Normal', 'DeadlineExceeded', this.#termination.message ?? '');
    }
    if (this.#resizes.asked !== undefined && !this.#termination) this.deps.onResize(this.#resizes.asked);
    let decision = decide(this.#observation(now));
    if (decision.stage === 'finished') {
      this.#termination = { cause: 'finished', graceSeconds: graceSecondsOf(this.#pod), startedAtMs: now };
      decision = decide(this.#observation(now));
    }
    if (this.#termination) this.#actions.abortStarts();
    else this.#resizes.note(this.#pod, this.resize.inProgress);
    this.#noteWaiting(decision);
    for (const action of decision.actions) this.#actions.perform(action, now);
    const ip = this.#actions.view.sandboxes[0]?.ips[0] ?? this.deps.hostIPs()[0] ?? '';
    this.#probes.sync(this.#pod, withoutStarting(this.#actions.view, this.#actions.runner.keys), ip, this.#termination !== undefined);
    this.#publish(decision.stage === 'stopped', now);
    if (decision.stage === 'stopped') this.#finish();
    this.#syncs.looked(this.#actions.runner.keys.size > 0, this.#termination !== undefined, this.deps.clock.now());
    this.#arm(decision, now);
  }

  /** Sets aside what the spec newly asks for, if there is room. */
  tryResize(trigger: ResizeTrigger): void {
    this.#resizes.settled();
    if (this.#termination) return;
    const isNews = this.#resizes.try(this.#given, trigger);
    this.#pod = this.#resizing.allocated(this.#given);
    if (isNews) this.wake();
  }

  #observation(nowMs: number): PodObservation {
    const { view, runner, volumesReady, imagesReady, remade } = this.#actions;
    return {
      pod: this.#pod,
      runtime: view,
      nowMs,
      inFlight: runner.keys,
      retryAtMs: runner.retries.times,
      volumesReady,
      imagesReady,
      remade,
      probes: (id) => this.#probes.results(id),
      crashWait: (container, ended) => this.#actions.crashWait(container, ended, nowMs),
      startsBefore: (name) => startsBefore(this.#status, name),
      hashOf: containerHash,
      ...this.#resources,
      podMayBeWide: this.#resizing.podMayBeWide,
      ...(this.#termination ? { termination: this.#termination } : {}),
    };
  }

  #noteWaiting(decision: Decision): void {
    for (const [name, waiting] of decision.waiting) {
      const before = this.#actions.waiting.get(name);
      if (before?.reason !== waiting.reason || before?.message !== waiting.message) {
        this.deps.events.pod(this.#pod, 'Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${podText(this.#pod)}`, name);
      }
      this.#actions.waiting.set(name, waiting);
    }
  }

  #publish(stopped: boolean, nowMs: number): void {
    const status = computePodStatus({
      pod: this.#pod,
      runtime: this.#actions.view,
      inFlight: this.#actions.runner.keys,
      remade: this.#actions.remade,
      probes: (id) => this.#probes.results(id),
      waiting: this.#actions.waiting,
      previous: this.#status,
      runtimeName: this.deps.runtimeName,
      recursiveReadOnlyMounts: this.deps.recursiveReadOnlyMounts(),
      own: (id) => this.#resizing.own(id),
      resourceHealth: (container) => this.deps.resourceHealth(this.#pod, container),
      given: this.#resizing.given(this.#pod, this.view.containers),
      ...this.#resources,
      resize: this.#resizing.shown,
      nowMs,
      hostIPs: this.deps.hostIPs(),
      termination: this.#termination,
      stopped,
      holding: this.deps.executor.holdsClaims(this.#pod),
    });
    this.#status = status;
    if (this.#termination?.cause !== 'removed') this.deps.onStatus(this.#pod, status);
  }

  /** Nothing runs any more: clean up, and let a deleted pod go from the API. */
  #finish(): void {
    const { runner } = this.#actions;
    if (!this.#cleaned) {
      if (runner.mayRun('clean-up')) runner.run('clean-up', async () => {
        await this.deps.executor.cleanUp(this.#pod, this.#actions.view);
        // What it wrote takes the room that it had to make: upstream's cleanUpContainersInPod keeps no container of an evicted pod.
        if (this.#termination?.reason === 'Evicted') await this.deps.executor.removeContainers(this.#pod, this.#actions.view);
        this.#cleaned = true;
        this.deps.onEnded(uidOf(this.#pod));
      });
      return;
    }
    const gone = this.#pod.metadata.deletionTimestamp !== undefined || this.#termination?.cause === 'removed';
    if (!gone || !runner.mayRun('finish')) return;
    runner.run('finish', async () => {
      if (this.#termination?.cause !== 'removed') await this.deps.onStopped(this.#pod, this.#status);
      await this.deps.executor.removeFromRuntime(this.#pod, this.#actions.view);
      this.close();
      this.deps.onDone(uidOf(this.#pod));
    });
  }

  #arm(decision: Decision, nowMs: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const deadline = this.#termination ? undefined : deadlineMs(this.#pod, this.#status.startTime);
    const retries = decision.stage === 'stopped' ? [...this.#actions.runner.retries.times.values()].filter((at) => at > nowMs) : [];
    const wakeAt = Math.min(decision.wakeAtMs ?? Infinity, deadline ?? Infinity, ...retries);
    if (wakeAt === Infinity || this.#done) return;
    this.#timer = this.deps.clock.setTimeout(() => this.wake(), Math.max(0, wakeAt - this.deps.clock.now()));
  }
}

/** Containers whose start has been reported: those before have no probes. */
function withoutStarting(view: RuntimeView, inFlight: ReadonlySet<string>): RuntimeView {
  return { ...view, containers: view.containers.filter(({ name }) => !inFlight.has(startKey(name))) };
}
