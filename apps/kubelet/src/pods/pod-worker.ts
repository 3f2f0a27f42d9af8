import { type corev1 } from '@navarch/api';
import { containerHash } from '../containers/container-hash';
import { type PodProbes } from '../probes/pod-probes';
import { isOwnNews, sameLabels } from '../status/status-patch';
import { type Decision } from './decision';
import { PodActions } from './pod-actions';
import { PodCleanUp } from './pod-clean-up';
import { PodEnding } from './pod-ending';
import { type PodWorkerDeps } from './pod-worker-deps';
import { decide } from './pod-lifecycle';
import { type PodObservation } from './pod-observation';
import { isTerminalPhase } from './pod-spec';
import { computePodStatus, startsBefore } from './pod-status';
import { deadlineMs } from './pod-termination';
import { PodResizing } from './pod-resizing';
import { type ResizeTrigger } from './resize-metrics';
import { type WaitingResize } from './resize-order';
import { ResizeProgress, type ResizeState } from './resize-progress';
import { emptyRuntimeView, type RuntimeView } from './runtime-view';
import { SyncRounds } from './sync-rounds';
import { WakeUps } from './wake-ups';

/**
 * One pod on this node. Decisions are taken one at a time, on every change of what is seen; the actions decided on
 * run beside each other, and each end of one is a change.
 */
export class PodWorker {
  /** As the API has it, but for the resources that are not set aside yet. */
  #pod: corev1.Pod;
  #given: corev1.Pod;
  #status: corev1.PodStatus;
  #done = false;
  readonly #wakes: WakeUps;
  readonly #ending: PodEnding;
  readonly #actions: PodActions;
  readonly #cleanUp: PodCleanUp;
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
    this.#wakes = new WakeUps(deps.clock, () => this.#step());
    this.#ending = new PodEnding(() => this.#pod, deps.clock);
    const seen = { pod: () => this.#pod, status: () => this.#status, termination: () => this.#ending.termination };
    this.#actions = new PodActions(view, {
      ...deps,
      ...seen,
      resizing: this.#resizing,
      maxRestartWaitMs: deps.maxRestartWaitMs,
      onChange: () => this.wake(),
      onResized: () => deps.onResize('pod_resized'),
      onReject: (reason, message) => this.reject(reason, message),
    });
    this.#cleanUp = new PodCleanUp(this.#actions, { ...deps, ...seen, close: () => this.close() });
    this.#probes = deps.probes(() => this.wake());
    this.#syncs = new SyncRounds((type, seconds) => deps.onSync?.(type, seconds));
    // Its end was reported before this kubelet began: nothing of it may run again.
    if (isTerminalPhase(pod.status?.phase)) this.#ending.finish();
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
    return this.#actions.images.waitedMs;
  }

  /** Nothing of the pod runs, and nothing will. */
  get stopped(): boolean {
    return this.#cleanUp.cleaned;
  }

  /** It counts against what the node has: not yet over, or something of it still runs. */
  get holdsRoom(): boolean {
    if (this.stopped) return false;
    return !isTerminalPhase(this.#status.phase) || this.view.containers.some(({ state }) => state !== 'exited');
  }

  /** With all that it keeps from other pods: more than its spec says while it shrinks. */
  get held(): corev1.Pod {
    return this.#resizing.held(this.#given, this.view.containers);
  }

  /** Where its resize is, if there is one. */
  get resize(): ResizeState {
    return this.#resizes.state(this.#pod, this.view);
  }

  /** A resize that somebody should look whether there is room for; undefined where there is none. */
  get waitingResize(): WaitingResize | undefined {
    return this.ending ? undefined : this.#resizes.waiting(this.#given, this.#pod);
  }

  /** It is being ended, for whatever reason. */
  get ending(): boolean {
    return this.#ending.termination !== undefined;
  }

  /** Nobody wants the pod any more: it is gone from the API, or from its source. */
  get unwanted(): boolean {
    return this.#ending.isRemoved;
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
      if (!this.unwanted) this.deps.onStatus(this.#pod, this.#status);
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
    this.#ending.finish();
  }

  /** The pod is gone from the API, confirmed: ends whatever is left of it. */
  remove(): void {
    this.#ending.remove();
    this.wake();
  }

  /** Gives the pod up: it fails with this reason, and what runs of it is ended. */
  fail(reason: string, message: string): void {
    this.#ending.fail(reason, message);
    this.wake();
  }

  /** Gives the pod up with no more grace than this. `disruption`: what its DisruptionTarget condition says where it ends for the node's sake. */
  disrupt(reason: string, message: string, disruption: string | undefined, graceSeconds?: number): void {
    this.#ending.fail(reason, message, graceSeconds, disruption);
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
    if (this.#actions.volumesReady && !this.ending) this.#actions.refreshVolumes();
  }

  wake(): void {
    this.#wakes.soon();
  }

  /** Leaves the pod as it is: the kubelet ends, its pods go on. */
  close(): void {
    this.#done = true;
    this.#wakes.stop();
    this.#probes.stop();
    this.#actions.runner.close('kubelet is stopping');
  }

  #step(): void {
    const now = this.deps.clock.now();
    const wasEnding = this.ending;
    this.#ending.look(this.#status.startTime, now);
    const { termination } = this.#ending;
    if (termination?.reason === 'DeadlineExceeded' && !wasEnding) {
      this.deps.events.pod(this.#pod, 'Normal', 'DeadlineExceeded', termination.message ?? '');
    }
    if (this.#resizes.asked !== undefined && !this.ending) this.deps.onResize(this.#resizes.asked);
    let decision = decide(this.#observation(now));
    if (decision.stage === 'finished') {
      this.#ending.finish();
      decision = decide(this.#observation(now));
    }
    if (this.ending) this.#actions.abortStarts();
    else this.#resizes.note(this.#pod, this.resize.inProgress);
    this.#actions.noteWaiting(decision.waiting);
    for (const action of decision.actions) this.#actions.perform(action, now);
    const ip = this.view.sandboxes[0]?.ips[0] ?? this.deps.hostIPs()[0] ?? '';
    this.#probes.sync(this.#pod, this.#actions.started, ip, this.ending);
    this.#publish(decision.stage === 'stopped', now);
    if (decision.stage === 'stopped') this.#cleanUp.step();
    this.#syncs.looked(this.#actions.runner.keys.size > 0, this.ending, this.deps.clock.now());
    this.#arm(decision, now);
  }

  /** Sets aside what the spec newly asks for, if there is room. */
  tryResize(trigger: ResizeTrigger): void {
    this.#resizes.settled();
    if (this.ending) return;
    const isNews = this.#resizes.try(this.#given, trigger);
    this.#pod = this.#resizing.allocated(this.#given);
    if (isNews) this.wake();
  }

  #observation(nowMs: number): PodObservation {
    const { view, runner, images, volumesReady, remade } = this.#actions;
    const { termination } = this.#ending;
    return {
      pod: this.#pod,
      runtime: view,
      nowMs,
      inFlight: runner.keys,
      retryAtMs: runner.retries.times,
      volumesReady,
      imagesReady: images.names,
      remade,
      probes: (id) => this.#probes.results(id),
      crashWait: (container, ended) => this.#actions.crashWait(container, ended, nowMs),
      startsBefore: (name) => startsBefore(this.#status, name),
      hashOf: containerHash,
      ...this.#resizing.resources,
      podMayBeWide: this.#resizing.podMayBeWide,
      ...(termination ? { termination } : {}),
    };
  }

  #publish(stopped: boolean, nowMs: number): void {
    this.#status = computePodStatus({
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
      ...this.#resizing.resources,
      resize: this.#resizing.shown,
      nowMs,
      hostIPs: this.deps.hostIPs(),
      termination: this.#ending.termination,
      stopped,
      holding: this.deps.executor.holdsClaims(this.#pod),
    });
    if (!this.unwanted) this.deps.onStatus(this.#pod, this.#status);
  }

  #arm(decision: Decision, nowMs: number): void {
    const deadline = this.ending ? undefined : deadlineMs(this.#pod, this.#status.startTime);
    const retries = decision.stage === 'stopped' ? [...this.#actions.runner.retries.times.values()].filter((at) => at > nowMs) : [];
    this.#wakes.at(Math.min(decision.wakeAtMs ?? Infinity, deadline ?? Infinity, ...retries));
  }
}
