import { type corev1 } from '@navarch/api';
import { type Logger } from '@navarch/component-base';
import { containerHash } from '../containers/container-hash';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { ImageError } from '../images/image-puller';
import { ContainerStartError, PodRejectedError } from './action-error';
import { ActionRunner } from './action-runner';
import { Backoff } from './backoff';
import { type Decision } from './decision';
import { EndedContainers } from './ended-containers';
import { imageKey, keyOf, killKey, resizeKey, startKey, volumesKey, type PodAction } from './pod-action';
import { PodImages } from './pod-images';
import { type Termination } from './pod-observation';
import { effectiveResources, sameResources } from './resize';
import { ResizeActions, type ResizeActionsDeps } from './resize-actions';
import { resizeText } from './resize-text';
import { type ResizeMetrics } from './resize-metrics';
import { podText, uidOf } from './pod-spec';
import { countedSandbox, countedStart, type StartMetrics } from './start-metrics';
import { mergeViews, withContainer, withSandbox, type ContainerView, type RuntimeView } from './runtime-view';

export interface PodActionsDeps extends ResizeActionsDeps {
  readonly events: EventSink;
  readonly log: Logger;
  readonly metrics: StartMetrics & { readonly resizes: ResizeMetrics };
  readonly termination: () => Termination | undefined;
  /** Asks the runtime for everything of the pod. */
  readonly observe: (uid: string, known: RuntimeView) => Promise<RuntimeView>;
  /** Something has changed. */
  readonly onChange: () => void;
  /** The longest wait before a container that crashes starts again. */
  readonly maxRestartWaitMs: number | undefined;
  /** It turns out that the pod cannot run here. */
  readonly onReject: (reason: string, message: string) => void;
  /** Something that must not fail did. */
  readonly onCrash: (error: unknown) => void;
}

const observeKey = 'observe';
const observeRetryMs = 1_000;

/** Carries out what was decided for one pod, and keeps what came of it. */
export class PodActions {
  volumesReady = false;
  /** Ids of containers that were ended to be made anew: when the newest of its name is another, nobody asks for it. */
  readonly remade = new Set<string>();
  /** Why containers wait, by name. */
  readonly waiting = new Map<string, corev1.ContainerStateWaiting>();
  readonly images: PodImages;
  readonly runner: ActionRunner;
  readonly #resizes: ResizeActions;
  readonly #crashes: Backoff;
  #refreshAgain = false;
  #view: RuntimeView;
  readonly #ended: EndedContainers;

  /** `view`: what the runtime has of the pod. */
  constructor(view: RuntimeView, private readonly deps: PodActionsDeps) {
    const { clock, onChange, onCrash } = deps;
    this.#view = view;
    this.#ended = new EndedContainers(() => this.#view, clock);
    this.images = new PodImages(clock);
    this.#resizes = new ResizeActions(deps, () => this.#view);
    this.#crashes = new Backoff(deps.maxRestartWaitMs);
    this.runner = new ActionRunner({ clock, onCrash, onEnd: onChange, onFailure: (key, error, signal) => this.#failed(key, error, signal) });
  }

  /** What the runtime has of the pod. */
  get view(): RuntimeView {
    return this.#view;
  }

  set view(view: RuntimeView) {
    this.#view = view;
    this.#ended.changed();
  }

  /** The pod with the containers whose start has been reported: those before have no probes. */
  get started(): RuntimeView {
    const { keys } = this.runner;
    return { ...this.view, containers: this.view.containers.filter(({ name }) => !keys.has(startKey(name))) };
  }

  /** Until when a container that has ended waits before its next start, and how long in all. */
  crashWait(container: corev1.Container, ended: ContainerView, nowMs: number): { untilMs: number; delayMs: number } {
    const key = crashKey(container);
    return { untilMs: this.#crashes.waitUntil(key, ended.finishedAtMs, nowMs), delayMs: this.#crashes.delay(key) };
  }

  /** Notes why containers wait, and tells what is new of it. */
  noteWaiting(waiting: Decision['waiting']): void {
    for (const [name, why] of waiting) {
      const before = this.waiting.get(name);
      if (before?.reason !== why.reason || before?.message !== why.message) {
        const pod = this.deps.pod();
        this.deps.events.pod(pod, 'Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${podText(pod)}`, name);
      }
      this.waiting.set(name, why);
    }
  }

  /** Reads the pod from the runtime; asked again meanwhile, once more. */
  refresh(): void {
    if (this.runner.keys.has(observeKey)) {
      // What is being read may be older than this news.
      this.#refreshAgain = true;
      return;
    }
    this.runner.run(observeKey, async () => {
      do {
        this.#refreshAgain = false;
        await this.#observe();
      } while (this.#refreshWanted());
    });
  }

  refreshVolumes(): void {
    this.runner.run(volumesKey, () => this.deps.executor.refreshVolumes(this.deps.pod()));
  }

  /** Removes dead containers but the newest of each name, and sandboxes that nothing is left of. */
  collectGarbage(nowMs: number): void {
    const dead = this.view.containers.filter(({ state }) => state === 'exited');
    const kept = new Set(dead.map(({ name }) => dead.find((container) => container.name === name)?.id));
    for (const { id } of dead) if (!kept.has(id)) this.perform({ kind: 'removeContainer', containerId: id }, nowMs);
    for (const { id, ready } of this.view.sandboxes.slice(1)) {
      if (!ready && !this.view.containers.some(({ sandboxId }) => sandboxId === id)) this.runner.run(`remove/${id}`, async () => {
        await this.deps.executor.removeSandbox(id);
        this.view = { ...this.view, sandboxes: this.view.sandboxes.filter((sandbox) => sandbox.id !== id) };
      });
    }
  }

  /** A pod that ends pulls no more images and waits for no postStart hook. */
  abortStarts(): void {
    this.runner.abort((key) => key.startsWith('image/') || key.startsWith('start/'), 'the pod is ending');
  }

  perform(action: PodAction, nowMs: number): void {
    const { executor, pod } = this.deps;
    const run = (act: (signal: AbortSignal) => Promise<void>): void => this.runner.run(keyOf(action), act);
    switch (action.kind) {
      case 'prepareVolumes':
        run(async () => {
          await executor.prepareVolumes(pod());
          this.volumesReady = true;
        });
        break;
      case 'createSandbox':
        run(async () => {
          const create = () => executor.createSandbox(pod(), action.attempt, this.view.sandboxes);
          this.view = withSandbox(this.view, await countedSandbox(this.deps.metrics, pod(), create));
        });
        break;
      case 'stopSandbox':
        run(async () => {
          await executor.stopSandbox(pod(), action.sandboxId);
          const sandboxes = this.view.sandboxes.map((sandbox) => (sandbox.id === action.sandboxId ? { ...sandbox, ready: false } : sandbox));
          this.view = { ...this.view, sandboxes };
        });
        break;
      case 'ensureImage':
        run((signal) => this.images.fetch(action.container.name, () => executor.ensureImage(pod(), action.container, signal)));
        break;
      case 'startContainer':
        this.#start(action, nowMs);
        break;
      case 'killContainer':
        this.#kill(action, nowMs);
        break;
      case 'resizeContainer':
        run(() => this.#resizes.container(action));
        break;
      case 'resizePod':
        run(() => this.#resizes.pod());
        break;
      case 'fitPod':
        run(() => this.#resizes.fit());
        break;
      case 'removeContainer':
        if (action.crashed && !this.runner.keys.has(keyOf(action))) {
          const { container, last } = action.crashed;
          this.#crashes.next(crashKey(container), last.finishedAtMs, nowMs);
        }
        run(async () => {
          const gone = this.view.containers.find(({ id }) => id === action.containerId);
          if (gone) await executor.removeContainer(pod(), gone);
          this.#forgetContainer(action.containerId);
        });
        break;
    }
  }

  #start(action: PodAction & { kind: 'startContainer' }, nowMs: number): void {
    const { container, last } = action;
    const { name } = container;
    const sandbox = this.view.sandboxes.find(({ id }) => id === action.sandboxId);
    const image = this.images.get(name);
    if (!sandbox || !image) return;
    this.images.used(name);
    if (last) this.#crashes.next(crashKey(container), last.finishedAtMs, nowMs);
    this.runner.run(startKey(name), async (signal) => {
      try {
        const { executor, metrics, resizing, onResized } = this.deps;
        const pod = this.deps.pod();
        const held = resizing.heldAtStart(pod, this.view.containers);
        const start = { attempt: action.attempt, sandbox, image, view: this.view, held };
        const view = await countedStart(metrics, pod, name, () => executor.startContainer(pod, container, start, signal));
        if (view) {
          this.view = withContainer(this.view, view);
          const before = last && resizing.applied(last.id);
          resizing.gave(view.id, pod, container.resources);
          // It was ended to be made anew with less, or more: what it gave up is free now.
          if (before && !sameResources(before, effectiveResources(container, pod.spec?.resources))) onResized();
        }
        this.waiting.delete(name);
      } catch (error) {
        // What was made of it is seen, with its exit code.
        await this.#observe();
        throw error;
      }
    });
  }

  #kill({ container, graceSeconds, message, withoutHook = false, after = [], remake = false }: PodAction & { kind: 'killContainer' }, nowMs: number): void {
    if (remake) this.remade.add(container.id);
    const key = killKey(container.id, graceSeconds);
    // A kill with more patience is overtaken.
    this.runner.abort((other) => other !== key && other.startsWith(`kill/${container.id}/`), 'a shorter grace period was asked for');
    const termination = this.deps.termination();
    const startMs = termination?.graceSeconds === graceSeconds ? termination.startedAtMs : nowMs;
    const sandbox = this.view.sandboxes.find(({ id }) => id === container.sandboxId);
    const deadlineMs = startMs + graceSeconds * 1000;
    this.runner.run(key, async (signal) => {
      const turn = () => this.#ended.wait(after, deadlineMs, signal);
      const view = await this.deps.executor.killContainer(this.deps.pod(), container, { message, deadlineMs, withoutHook, turn }, sandbox, signal);
      if (view) this.view = withContainer(this.view, view);
      else this.#forgetContainer(container.id);
    });
  }

  #failed(key: string, error: unknown, signal: AbortSignal): void {
    const { clock, events, log } = this.deps;
    const { retries } = this.runner;
    const now = clock.now();
    if (error instanceof ImageError) {
      this.waiting.set(key.slice(imageKey('').length), { reason: error.reason, message: error.message });
      retries.failed(key, now, error.retryAtMs);
    } else if (error instanceof ContainerStartError) {
      this.waiting.set(key.slice(startKey('').length), { reason: error.reason, message: error.message });
      // A container that was made and ended waits as any that crashed.
      const made = error.reason === 'RunContainerError' || error.reason === 'PostStartHookError';
      retries.failed(key, now, made ? now : undefined);
    } else {
      retries.failed(key, now);
      if (error instanceof PodRejectedError) this.deps.onReject(error.reason, error.message);
      if (key.startsWith(resizeKey(''))) {
        this.deps.resizing.failed(errorText(error));
        events.pod(this.deps.pod(), 'Warning', 'ResizeError', `Pod resize error: ${resizeText(this.deps.pod(), errorText(error))}`);
      }
      if (key === observeKey) clock.setTimeout(() => this.refresh(), observeRetryMs);
      if (!signal.aborted) log.warn({ err: error, pod: this.deps.pod(), action: key }, 'pod action failed');
    }
  }

  #forgetContainer(containerId: string): void {
    this.remade.delete(containerId);
    this.view = { ...this.view, containers: this.view.containers.filter(({ id }) => id !== containerId) };
  }

  #refreshWanted(): boolean {
    return this.#refreshAgain;
  }

  async #observe(): Promise<void> {
    const before = this.view;
    const fresh = await this.deps.observe(uidOf(this.deps.pod()), before);
    this.view = mergeViews(this.view, fresh, before);
  }
}

function crashKey(container: corev1.Container): string {
  return `${container.name}/${containerHash(container)}`;
}
