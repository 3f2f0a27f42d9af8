import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type runtimev1 } from '@navarch/proto';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { Backoff } from '../pods/backoff';
import { goMilliseconds } from '../pods/go-duration';
import { uidOf } from '../pods/pod-spec';
import { type ContainerRuntime } from '../runtime';
import { parseImageReference, withDefaultTag } from './image-reference';
import { Keyring } from './keyring';

/** Why a container's image is not there; `reason` and `message` are what its status says. */
export class ImageError extends Error {
  override readonly name = 'ImageError';

  constructor(readonly reason: 'ErrImagePull' | 'ImagePullBackOff' | 'ErrImageNeverPull' | 'InvalidImageName' | 'ImageInspectError', message: string, readonly retryAtMs: number) {
    super(message);
  }
}

/** An image that is there. */
export interface PresentImage {
  /** What to give the runtime. */
  readonly imageRef: string;
  readonly uid?: number;
  readonly username?: string;
}

/** What an image is for: a container, or without a name a volume. */
export type ImageUser = Pick<corev1.Container, 'name' | 'image' | 'imagePullPolicy'>;

export interface ImagePullerOptions {
  /** Upstream's --serialize-image-pulls with maxParallelImagePulls; 0 sets no limit. */
  readonly maxParallelPulls: number;
}

export interface ImagePullerDeps {
  readonly runtime: ContainerRuntime;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Secrets named in a pod's imagePullSecrets that exist. */
  readonly pullSecrets: (pod: corev1.Pod) => Promise<readonly corev1.Secret[]>;
  /** Credentials that the node itself has for an image, best match first. */
  readonly nodeCredentials?: (image: string, repository: string) => Promise<runtimev1.AuthConfig[]>;
  /** An image was pulled: without the time it waited for others. */
  readonly onPulled?: (seconds: number, bytes: number) => void;
}

/** How long a failure that no pull caused waits before it is looked at again. */
const retryMs = 10_000;
/** How long a status says ErrImagePull before it says ImagePullBackOff. */
const errImagePullMs = 2_000;

/** Sees to it that a container's image is there, by its pull policy, with upstream's events and back-off. */
export class ImagePuller {
  readonly #backoff = new Backoff();
  readonly #failedAt = new Map<string, { atMs: number; message: string }>();
  readonly #waiting: (() => void)[] = [];
  #pulling = 0;

  constructor(private readonly options: ImagePullerOptions, private readonly deps: ImagePullerDeps) {}

  /** Throws ImageError. */
  async ensure(pod: corev1.Pod, container: ImageUser, sandbox: runtimev1.PodSandboxConfig | undefined, signal: AbortSignal): Promise<PresentImage> {
    const { events, clock } = this.deps;
    const requested = container.image ?? '';
    const event = (type: 'Normal' | 'Warning', reason: string, message: string): void => events.pod(pod, type, reason, message, container.name === '' ? undefined : container.name);
    const fail = (reason: ImageError['reason'], eventReason: string, message: string): ImageError => {
      event('Warning', eventReason, message);
      event('Warning', 'Failed', `Error: ${reason}`);
      return new ImageError(reason, message, clock.now() + retryMs);
    };

    let image: string;
    try {
      image = withDefaultTag(requested);
    } catch (error) {
      throw fail('InvalidImageName', 'InspectFailed', `Failed to apply default image tag "${requested}": ${errorText(error)}`);
    }
    const spec: runtimev1.ImageSpec = { image, annotations: {}, userSpecifiedImage: requested, runtimeHandler: '', imageRef: '' };
    const policy = container.imagePullPolicy ?? (image.endsWith(':latest') ? 'Always' : 'IfNotPresent');
    const present = policy === 'Always' ? undefined : await this.deps.runtime.imageStatus(spec).catch((error: unknown) => {
      throw fail('ImageInspectError', 'InspectFailed', `Failed to inspect image "${requested}": ${errorText(error)}`);
    });
    if (present) {
      event('Normal', 'Pulled', `Container image "${requested}" already present on machine and can be accessed by the pod`);
      return presentImage(present, present.id);
    }
    if (policy === 'Never') throw fail('ErrImageNeverPull', 'ErrImageNeverPull', `Container image "${requested}" is not present with pull policy of Never`);
    return this.#pull(pod, container, spec, sandbox, signal, event);
  }

  forgetPod(pod: corev1.Pod): void {
    this.#backoff.forget(`${uidOf(pod)}_`);
    for (const key of this.#failedAt.keys()) if (key.startsWith(`${uidOf(pod)}_`)) this.#failedAt.delete(key);
  }

  async #pull(
    pod: corev1.Pod, container: ImageUser, spec: runtimev1.ImageSpec, sandbox: runtimev1.PodSandboxConfig | undefined, signal: AbortSignal,
    event: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
  ): Promise<PresentImage> {
    const { clock, runtime } = this.deps;
    const requested = container.image ?? '';
    const key = `${uidOf(pod)}_${requested}`;
    const failed = this.#failedAt.get(key);
    const until = failed ? this.#backoff.waitUntil(key, failed.atMs, clock.now()) : 0;
    if (failed && until > 0) {
      const message = `Back-off pulling image "${requested}"`;
      event('Normal', 'BackOff', message);
      event('Warning', 'Failed', 'Error: ImagePullBackOff');
      throw new ImageError('ImagePullBackOff', `${message}: ErrImagePull: ${failed.message}`, until);
    }
    event('Normal', 'Pulling', `Pulling image "${requested}"`);
    const askedMs = clock.now();
    await this.#takeSlot();
    const startedMs = clock.now();
    try {
      const imageRef = await this.#pullWithCredentials(pod, spec, sandbox, signal);
      const image = await runtime.imageStatus({ ...spec, image: imageRef });
      this.deps.onPulled?.((clock.now() - startedMs) / 1000, Number(image?.size ?? 0n));
      const took = `${goMilliseconds(clock.now() - startedMs)} (${goMilliseconds(clock.now() - askedMs)} including waiting)`;
      event('Normal', 'Pulled', `Successfully pulled image "${requested}" in ${took}. Image size: ${(image?.size ?? 0n).toString()} bytes.`);
      this.#backoff.reset(key);
      this.#failedAt.delete(key);
      return presentImage(image, imageRef);
    } catch (error) {
      if (signal.aborted) throw error;
      const message = errorText(error);
      const now = clock.now();
      this.#backoff.next(key, now, now);
      this.#failedAt.set(key, { atMs: now, message });
      event('Warning', 'Failed', `Failed to pull image "${requested}": ${message}`);
      event('Warning', 'Failed', 'Error: ErrImagePull');
      // Looked at again soon, to say ImagePullBackOff; the back-off decides when it is pulled again.
      throw new ImageError('ErrImagePull', message, now + errImagePullMs);
    } finally {
      this.#freeSlot();
    }
  }

  /** Each credential that fits, then none; the last failure counts. */
  async #pullWithCredentials(pod: corev1.Pod, spec: runtimev1.ImageSpec, sandbox: runtimev1.PodSandboxConfig | undefined, signal: AbortSignal): Promise<string> {
    const keyring = new Keyring();
    for (const secret of await this.deps.pullSecrets(pod)) {
      try {
        keyring.add(secret);
      } catch (error) {
        this.deps.events.pod(pod, 'Warning', 'FailedToRetrieveImagePullSecret', `Unable to parse image pull secret ${secret.metadata.name ?? ''}: ${errorText(error)}`);
      }
    }
    const { repository } = parseImageReference(spec.image);
    const auths = [...keyring.lookup(repository), ...await this.deps.nodeCredentials?.(spec.image, repository) ?? []];
    let failure: unknown;
    for (const auth of auths.length > 0 ? auths : [undefined]) {
      try {
        return await this.deps.runtime.pullImage(spec, auth, sandbox, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #takeSlot(): Promise<void> {
    if (this.options.maxParallelPulls === 0 || this.#pulling < this.options.maxParallelPulls) {
      this.#pulling++;
      return;
    }
    // The slot is handed over by the pull that ends.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #freeSlot(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#pulling--;
  }
}

function presentImage(image: runtimev1.Image | undefined, imageRef: string): PresentImage {
  return {
    imageRef,
    ...(image?.uid ? { uid: Number(image.uid.value) } : {}),
    ...(image?.username ? { username: image.username } : {}),
  };
}
