import { type corev1 } from '@navarch/api';
import { type Timer } from '@navarch/clock';
import { canonicalJson } from '../canonical-json';
import { containerHash } from '../containers/container-hash';
import { errorText } from '../error-text';
import { ImageError, type PresentImage } from '../images/image-puller';
import { type PodProbes } from '../probes/pod-probes';
import { ContainerStartError } from './action-error';
import { Backoff } from './backoff';
import { type Decision } from './decision';
import { imageKey, keyOf, resizeKey, startKey, volumesKey, type PodAction } from './pod-action';
import { type PodWorkerDeps } from './pod-worker-deps';
import { decide } from './pod-lifecycle';
import { type PodObservation, type Termination } from './pod-observation';
import { isTerminalPhase, podText, uidOf } from './pod-spec';
import { computePodStatus } from './pod-status';
import { deadlineMs, graceSecondsOf, nextTermination } from './pod-termination';
import { PodResizing } from './pod-resizing';
import { RetryTimes } from './retry-times';
import { emptyRuntimeView, mergeViews, withContainer, withSandbox, type RuntimeView } from './runtime-view';

/**
 * One pod on this node. Decisions are taken one at a time, on every change of what is seen; the actions decided on
 * run beside each other, and each end of one is a change.
 */
export class PodWorker {
  /** As the API has it, but for the resources that are not set aside yet. */
  #pod: corev1.Pod;
  #given: corev1.Pod;
  #view: RuntimeView;
  #status: corev1.PodStatus;
  #termination: Termination | undefined;
  #volumesReady = false;
  #scheduled = false;
  #cleaned = false;
  #done = false;
  #refreshAgain = false;
  #timer: Timer | undefined;
  readonly #inFlight = new Map<string, AbortController>();
  readonly #retries = new RetryTimes();
  readonly #crashes = new Backoff();
  readonly #images = new Map<string, PresentImage>();
  readonly #resizing: PodResizing;
  readonly #waiting = new Map<string, corev1.ContainerStateWaiting>();
  readonly #probes: PodProbes;

  constructor(pod: corev1.Pod, view: RuntimeView = emptyRuntimeView, private readonly deps: PodWorkerDeps) {
    this.#given = pod;
    this.#resizing = new PodResizing(pod, view);
    this.#pod = this.#resizing.allocated(pod);
    this.#view = view;
    this.#status = pod.status ?? {};
    this.#probes = deps.probes(() => this.wake());
    // Its end was reported before this kubelet began: nothing of it may run again.
    if (isTerminalPhase(pod.status?.phase)) this.#termination = { cause: 'finished', graceSeconds: graceSecondsOf(pod), startedAtMs: deps.clock.now() };
  }

  get pod(): corev1.Pod {
    return this.#pod;
  }

  get view(): RuntimeView {
    return this.#view;
  }

  get status(): corev1.PodStatus {
    return this.#status;
  }

  /** Nothing of the pod runs, and nothing will. */
  get stopped(): boolean {
    return this.#cleaned;
  }

  /** It is being ended, for whatever reason. */
  get ending(): boolean {
    return this.#termination !== undefined;
  }

  get done(): boolean {
    return this.#done;
  }

  get probeResults(): (containerId: string) => ReturnType<PodProbes['results']> {
    return (id) => this.#probes.results(id);
  }

  /** A newer object of the same pod. */
  update(pod: corev1.Pod): void {
    const { labels, annotations } = this.#pod.metadata;
    this.#given = pod;
    this.#pod = this.#resizing.allocated(pod);
    // What shows them is not to wait for its turn.
    if (canonicalJson([labels, annotations]) !== canonicalJson([pod.metadata.labels, pod.metadata.annotations])) this.refreshVolumes();
    this.wake();
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

  /** Gives the pod up for the node's sake, with no more grace than this. */
  disrupt(reason: string, message: string, graceSeconds: number, disruption: string): void {
    this.#termination ??= { cause: 'failed', graceSeconds: Math.max(1, Math.min(graceSeconds, graceSecondsOf(this.#pod))), startedAtMs: this.deps.clock.now(), reason, message, disruption };
    this.wake();
  }

  /** The pod may not run here: as `fail`, and said in an event. */
  reject(reason: string, message: string): void {
    this.deps.events.pod(this.#pod, 'Warning', reason, message.replace(/^Pod was rejected: /, ''));
    this.fail(reason, message);
  }

  /** Something outside has changed, such as the network: try again what waits for a retry. */
  retryNow(): void {
    this.#retries.clear();
    this.wake();
  }

  /** The runtime has news of the pod. */
  refresh(): void {
    if (this.#inFlight.has(observeKey)) {
      // What is being read may be older than this news.
      this.#refreshAgain = true;
      return;
    }
    this.#run(observeKey, async () => {
      do {
        this.#refreshAgain = false;
        await this.#observe();
      } while (this.#refreshWanted());
    });
  }

  /** Removes dead containers but the newest of each name, and sandboxes that nothing is left of. */
  collectGarbage(): void {
    const dead = this.#view.containers.filter(({ state }) => state === 'exited');
    const kept = new Set(dead.map(({ name }) => dead.find((container) => container.name === name)?.id));
    for (const { id } of dead) {
      if (!kept.has(id)) this.#perform({ kind: 'removeContainer', containerId: id }, this.deps.clock.now());
    }
    for (const { id, ready } of this.#view.sandboxes.slice(1)) {
      if (!ready && !this.#view.containers.some(({ sandboxId }) => sandboxId === id)) this.#run(`remove/${id}`, async () => {
        await this.deps.executor.removeSandbox(id);
        this.#view = { ...this.#view, sandboxes: this.#view.sandboxes.filter((sandbox) => sandbox.id !== id) };
      });
    }
  }

  /** Looks at the pod's live volumes again. */
  refreshVolumes(): void {
    if (this.#volumesReady && !this.#termination) this.#run(volumesKey, () => this.deps.executor.refreshVolumes(this.#pod));
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
    for (const abort of this.#inFlight.values()) abort.abort(new Error('kubelet is stopping'));
  }

  #step(): void {
    const now = this.deps.clock.now();
    const before = this.#termination;
    this.#termination = nextTermination(this.#pod, before, this.#status.startTime, now);
    if (this.#termination?.reason === 'DeadlineExceeded' && !before) {
      this.deps.events.pod(this.#pod, 'Normal', 'DeadlineExceeded', this.#termination.message ?? '');
    }
    this.#followResize();
    let decision = decide(this.#observation(now));
    if (decision.stage === 'finished') {
      this.#termination = { cause: 'finished', graceSeconds: graceSecondsOf(this.#pod), startedAtMs: now };
      decision = decide(this.#observation(now));
    }
    if (this.#termination) this.#abortStarts();
    this.#noteWaiting(decision);
    for (const action of decision.actions) this.#perform(action, now);
    const ip = this.#view.sandboxes[0]?.ips[0] ?? this.deps.hostIPs()[0] ?? '';
    this.#probes.sync(this.#pod, withoutStarting(this.#view, this.#inFlight), ip, this.#termination !== undefined);
    this.#publish(decision.stage === 'stopped', now);
    if (decision.stage === 'stopped') this.#finish();
    this.#arm(decision, now);
  }

  /** Sets aside what the spec newly asks for, if there is room. */
  #followResize(): void {
    if (this.#termination) return;
    const { started, pending } = this.#resizing.follow(this.#given, () => this.deps.room(this.#given));
    this.#pod = this.#resizing.allocated(this.#given);
    const { events } = this.deps;
    if (started) events.pod(this.#pod, 'Normal', 'ResizeStarted', `Pod resize started: ${JSON.stringify({ containers: Object.entries(started).map(([name, resources]) => ({ name, resources })), generation: this.#pod.metadata.generation ?? 0 })}`);
    if (pending) events.pod(this.#pod, 'Warning', `Resize${pending.reason}`, `Pod resize ${pending.reason}: ${pending.message}`);
  }

  #observation(nowMs: number): PodObservation {
    return {
      pod: this.#pod,
      runtime: this.#view,
      nowMs,
      inFlight: new Set(this.#inFlight.keys()),
      retryAtMs: this.#retries.times,
      volumesReady: this.#volumesReady,
      imagesReady: new Set(this.#images.keys()),
      probes: (id) => this.#probes.results(id),
      crashWait: (container, ended) => {
        const key = crashKey(container);
        return { untilMs: this.#crashes.waitUntil(key, ended.finishedAtMs, nowMs), delayMs: this.#crashes.delay(key) };
      },
      hashOf: containerHash,
      applied: (id) => this.#resizing.applied(id),
      ...(this.#termination ? { termination: this.#termination } : {}),
    };
  }

  #perform(action: PodAction, nowMs: number): void {
    const { executor } = this.deps;
    const key = keyOf(action);
    switch (action.kind) {
      case 'prepareVolumes':
        this.#run(key, async () => {
          await executor.prepareVolumes(this.#pod);
          this.#volumesReady = true;
        });
        break;
      case 'createSandbox':
        this.#run(key, async () => {
          this.#view = withSandbox(this.#view, await executor.createSandbox(this.#pod, action.attempt, this.#view.sandboxes));
        });
        break;
      case 'stopSandbox':
        this.#run(key, async () => {
          await executor.stopSandbox(this.#pod, action.sandboxId);
          const sandboxes = this.#view.sandboxes.map((sandbox) => (sandbox.id === action.sandboxId ? { ...sandbox, ready: false } : sandbox));
          this.#view = { ...this.#view, sandboxes };
        });
        break;
      case 'ensureImage':
        this.#run(key, async (signal) => {
          this.#images.set(action.container.name, await executor.ensureImage(this.#pod, action.container, signal));
        });
        break;
      case 'startContainer':
        this.#start(action, nowMs);
        break;
      case 'killContainer':
        this.#kill(action, nowMs);
        break;
      case 'resizeContainer':
        this.#run(key, async () => {
          await executor.resizeContainer(this.#pod, action.container, action.containerId, action.from);
          this.#resizing.gave(action.containerId, action.container.resources);
        });
        break;
      case 'removeContainer':
        this.#run(key, async () => {
          await executor.removeContainer(action.containerId);
          this.#view = { ...this.#view, containers: this.#view.containers.filter(({ id }) => id !== action.containerId) };
        });
        break;
    }
  }

  #start(action: PodAction & { kind: 'startContainer' }, nowMs: number): void {
    const { container, last } = action;
    const { name } = container;
    const sandbox = this.#view.sandboxes.find(({ id }) => id === action.sandboxId);
    const image = this.#images.get(name);
    if (!sandbox || !image) return;
    // A later start looks for the image anew, as its pull policy says.
    this.#images.delete(name);
    if (last) this.#crashes.next(crashKey(container), last.finishedAtMs, nowMs);
    this.#run(startKey(name), async (signal) => {
      try {
        const view = await this.deps.executor.startContainer(this.#pod, container, action.attempt, sandbox, image, this.#view, signal);
        if (view) {
          this.#view = withContainer(this.#view, view);
          this.#resizing.gave(view.id, container.resources);
        }
        this.#waiting.delete(name);
      } catch (error) {
        // What was made of it is seen, with its exit code.
        await this.#observe();
        throw error;
      }
    });
  }

  #kill({ container, graceSeconds, message }: PodAction & { kind: 'killContainer' }, nowMs: number): void {
    const key = keyOf({ kind: 'killContainer', container, graceSeconds, message });
    // A kill with more patience is overtaken.
    for (const [other, abort] of this.#inFlight) if (other !== key && other.startsWith(`kill/${container.id}/`)) abort.abort(new Error('a shorter grace period was asked for'));
    const startMs = this.#termination?.graceSeconds === graceSeconds ? this.#termination.startedAtMs : nowMs;
    const sandbox = this.#view.sandboxes.find(({ id }) => id === container.sandboxId);
    this.#run(key, async (signal) => {
      const view = await this.deps.executor.killContainer(this.#pod, container, message, startMs + graceSeconds * 1000, sandbox, signal);
      if (view) this.#view = withContainer(this.#view, view);
      else this.#view = { ...this.#view, containers: this.#view.containers.filter(({ id }) => id !== container.id) };
    });
  }

  /** Runs something under a key, unless it already runs; its end, good or bad, is a change. */
  #run(key: string, act: (signal: AbortSignal) => Promise<void>): void {
    if (this.#inFlight.has(key) || this.#done) return;
    const abort = new AbortController();
    this.#inFlight.set(key, abort);
    act(abort.signal)
      .then(() => this.#retries.succeeded(key), (error: unknown) => this.#failed(key, error, abort.signal))
      .finally(() => {
        this.#inFlight.delete(key);
        this.wake();
      })
      .catch(this.deps.onCrash);
  }

  #failed(key: string, error: unknown, signal: AbortSignal): void {
    const now = this.deps.clock.now();
    if (error instanceof ImageError) {
      this.#waiting.set(key.slice(imageKey('').length), { reason: error.reason, message: error.message });
      this.#retries.failed(key, now, error.retryAtMs);
    } else if (error instanceof ContainerStartError) {
      this.#waiting.set(key.slice(startKey('').length), { reason: error.reason, message: error.message });
      // A container that was made and ended waits as any that crashed.
      const made = error.reason === 'RunContainerError' || error.reason === 'PostStartHookError';
      this.#retries.failed(key, now, made ? now : undefined);
    } else {
      this.#retries.failed(key, now);
      if (key.startsWith(resizeKey(''))) {
        this.#resizing.failed(errorText(error));
        this.deps.events.pod(this.#pod, 'Warning', 'ResizeError', `Pod resize error: ${errorText(error)}`);
      }
      if (key === observeKey) this.deps.clock.setTimeout(() => this.refresh(), observeRetryMs);
      if (!signal.aborted) this.deps.log.warn({ err: error, pod: this.#pod, action: key }, 'pod action failed');
    }
  }

  /** A pod that ends pulls no more images and waits for no postStart hook. */
  #abortStarts(): void {
    for (const [key, abort] of this.#inFlight) {
      if (key.startsWith('image/') || key.startsWith('start/')) abort.abort(new Error('the pod is ending'));
    }
  }

  #noteWaiting(decision: Decision): void {
    for (const [name, waiting] of decision.waiting) {
      if (this.#waiting.get(name)?.reason !== waiting.reason || this.#waiting.get(name)?.message !== waiting.message) {
        this.deps.events.pod(this.#pod, 'Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${podText(this.#pod)}`, name);
      }
      this.#waiting.set(name, waiting);
    }
  }

  #publish(stopped: boolean, nowMs: number): void {
    const status = computePodStatus({
      pod: this.#pod,
      runtime: this.#view,
      inFlight: new Set(this.#inFlight.keys()),
      probes: (id) => this.#probes.results(id),
      waiting: this.#waiting,
      previous: this.#status,
      runtimeName: this.deps.runtimeName,
      applied: (id) => this.#resizing.applied(id),
      resize: this.#resizing.shown,
      nowMs,
      hostIPs: this.deps.hostIPs(),
      termination: this.#termination,
      stopped,
    });
    this.#status = status;
    if (this.#termination?.cause !== 'removed') this.deps.onStatus(this.#pod, status);
  }

  /** Nothing runs any more: clean up, and let a deleted pod go from the API. */
  #finish(): void {
    const mayRun = (key: string): boolean => (this.#retries.times.get(key) ?? 0) <= this.deps.clock.now();
    if (!this.#cleaned) {
      if (mayRun('clean-up')) this.#run('clean-up', async () => {
        await this.deps.executor.cleanUp(this.#pod, this.#view);
        this.#cleaned = true;
      });
      return;
    }
    const gone = this.#pod.metadata.deletionTimestamp !== undefined || this.#termination?.cause === 'removed';
    if (!gone || !mayRun('finish')) return;
    this.#run('finish', async () => {
      if (this.#termination?.cause !== 'removed') await this.deps.onStopped(this.#pod, this.#status);
      await this.deps.executor.removeFromRuntime(this.#pod, this.#view);
      this.close();
      this.deps.onDone(uidOf(this.#pod));
    });
  }

  #arm(decision: Decision, nowMs: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const deadline = this.#termination ? undefined : deadlineMs(this.#pod, this.#status.startTime);
    // Room may come from a pod that ends without a word to this one.
    const resizeAt = this.#resizing.isDeferred && !this.#termination ? nowMs + deferredResizeMs : Infinity;
    const retries = decision.stage === 'stopped' ? [...this.#retries.times.values()].filter((at) => at > nowMs) : [];
    const wakeAt = Math.min(decision.wakeAtMs ?? Infinity, deadline ?? Infinity, resizeAt, ...retries);
    if (wakeAt === Infinity || this.#done) return;
    this.#timer = this.deps.clock.setTimeout(() => this.wake(), Math.max(0, wakeAt - this.deps.clock.now()));
  }

  #refreshWanted(): boolean {
    return this.#refreshAgain;
  }

  async #observe(): Promise<void> {
    const before = this.#view;
    const fresh = await this.deps.observe(uidOf(this.#pod));
    this.#view = mergeViews(this.#view, fresh, before);
  }
}

const observeKey = 'observe';
const observeRetryMs = 1_000;
const deferredResizeMs = 10_000;

/** Containers whose start has been reported: those before have no probes. */
function withoutStarting(view: RuntimeView, inFlight: ReadonlyMap<string, unknown>): RuntimeView {
  return { ...view, containers: view.containers.filter(({ name }) => !inFlight.has(startKey(name))) };
}

function crashKey(container: corev1.Container): string {
  return `${container.name}/${containerHash(container)}`;
}
