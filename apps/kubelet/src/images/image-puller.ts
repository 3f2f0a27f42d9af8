import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type runtimev1 } from '@navarch/proto';
import { errorText } from '../error-text';
import { type EventSink } from '../events/event-sink';
import { Backoff } from '../pods/backoff';
import { goMilliseconds } from '../pods/go-duration';
import { uidOf } from '../pods/pod-spec';
import { type ContainerRuntime } from '../runtime';
import { SharedReads } from '../shared-reads';
import { isExempt, mayUse, wasPulled, type AccessOptions } from './image-access';
import { type ImageMetrics } from './image-metrics';
import { parseImageReference, repositoryOf, withDefaultTag } from './image-reference';
import { Keyring, type Credential } from './keyring';
import { PullLimit, type PullLimitOptions } from './pull-limit';
import { type PullRecords } from './pull-records';

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
  readonly access: AccessOptions;
  /** How often registries are asked; without a limit where it is not given. */
  readonly limit?: PullLimitOptions;
}

export interface ImagePullerDeps {
  readonly runtime: ContainerRuntime;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly records: PullRecords;
  readonly metrics: ImageMetrics;
  /** Secrets named in a pod's imagePullSecrets that exist. */
  readonly pullSecrets: (pod: corev1.Pod) => Promise<readonly corev1.Secret[]>;
  /** Credentials that programs of the node know for an image which a pod wants, best match first. */
  readonly providedCredentials?: (image: string, repository: string, pod: corev1.Pod) => Promise<readonly Credential[]>;
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
  readonly #limit: PullLimit;
  readonly #looks = new SharedReads<runtimev1.Image | undefined>();
  #pulling = 0;

  constructor(private readonly options: ImagePullerOptions, private readonly deps: ImagePullerDeps) {
    this.#limit = new PullLimit(options.limit ?? { perSecond: 0, burst: 0 });
  }

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
    const present = policy === 'Always' ? undefined : await this.#looks.read(`${image} ${requested}`, () => this.deps.runtime.imageStatus(spec)).catch((error: unknown) => {
      throw fail('ImageInspectError', 'InspectFailed', `Failed to inspect image "${requested}": ${errorText(error)}`);
    });
    const ask = once(() => this.#credentials(pod, spec));
    const pull = !present || await this.#mustAuthenticate(spec.image, present, ask);
    this.deps.metrics.ensured({ present: policy === 'Always' ? undefined : present !== undefined, policy, pull });
    if (present && !pull) {
      event('Normal', 'Pulled', `Container image "${requested}" already present on machine and can be accessed by the pod`);
      return presentImage(present, present.id);
    }
    if (policy === 'Never') {
      throw fail(
        'ErrImageNeverPull',
        'ErrImageNeverPull',
        present
          ? `Container image "${requested}" is present with pull policy of Never but does not have the proper credentials to be accessed by the pod`
          : `Container image "${requested}" is not present with pull policy of Never`,
      );
    }
    return this.#pull(pod, container, spec, sandbox, signal, event, ask);
  }

  forgetPod(pod: corev1.Pod): void {
    this.#backoff.forget(`${uidOf(pod)}_`);
    for (const key of this.#failedAt.keys()) if (key.startsWith(`${uidOf(pod)}_`)) this.#failedAt.delete(key);
  }

  async #pull(
    pod: corev1.Pod, container: ImageUser, spec: runtimev1.ImageSpec, sandbox: runtimev1.PodSandboxConfig | undefined, signal: AbortSignal,
    event: (type: 'Normal' | 'Warning', reason: string, message: string) => void, credentials: () => Promise<readonly Credential[]>,
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
    try {
      await this.deps.records.begin(spec.image);
      const startedMs = clock.now();
      const { imageRef, used } = await this.#pullWithCredentials(spec, sandbox, await credentials(), signal);
      const pulledMs = clock.now();
      const image = await runtime.imageStatus({ ...spec, image: imageRef });
      await this.deps.records.pulled(spec.image, image?.id ?? imageRef, parseImageReference(spec.image).repository, used?.source);
      this.deps.onPulled?.((pulledMs - startedMs) / 1000, Number(image?.size ?? 0n));
      const took = `${goMilliseconds(pulledMs - startedMs)} (${goMilliseconds(pulledMs - askedMs)} including waiting)`;
      event('Normal', 'Pulled', `Successfully pulled image "${requested}" in ${took}. Image size: ${(image?.size ?? 0n).toString()} bytes.`);
      this.#backoff.reset(key);
      this.#failedAt.delete(key);
      return presentImage(image, imageRef);
    } catch (error) {
      await this.deps.records.failed(spec.image);
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

  /** Whether a pod has to show a registry that it may have an image which is on the node already. */
  async #mustAuthenticate(image: string, present: runtimev1.Image, credentials: () => Promise<readonly Credential[]>): Promise<boolean> {
    const { records, metrics } = this.deps;
    const { repository } = parseImageReference(image);
    const record = records.get(present.id);
    const pulledHere = records.isPulling(image) || wasPulled(record, repository, [...present.repoTags, ...present.repoDigests].flatMap((name) => repositoryOf(name) ?? []));
    if (isExempt(this.options.access, repository, pulledHere)) {
      metrics.checked('credentialPolicyAllowed');
      return false;
    }
    const known = record?.credentialMapping[repository];
    const own = known?.nodePodsAccessible === true || !(known?.kubernetesSecrets?.length || known?.kubernetesServiceAccounts?.length) ? [] : await credentials().catch((error: unknown) => {
      metrics.checked('error');
      throw error;
    });
    const sources = own.flatMap(({ source }) => source ?? []);
    const may = mayUse(known, sources);
    metrics.checked(may ? 'credentialRecordFound' : 'mustAuthenticate');
    // One that says the same under another name, or says something new under the same one, is known from now on.
    const fitting = sources.find((source) => mayUse(known, [source]));
    if (may && fitting) await records.allow(present.id, repository, fitting);
    return !may;
  }

  /** What a pod has to show for an image, then what the node has. */
  async #credentials(pod: corev1.Pod, spec: runtimev1.ImageSpec): Promise<readonly Credential[]> {
    const keyring = new Keyring();
    const secrets = await this.deps.pullSecrets(pod);
    const missing = (pod.spec?.imagePullSecrets ?? []).flatMap(({ name }) => (name === undefined || secrets.some(({ metadata }) => metadata.name === name) ? [] : name));
    if (missing.length > 0) {
      this.deps.events.pod(
        pod,
        'Warning',
        'FailedToRetrieveImagePullSecret',
        `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`,
      );
    }
    for (const secret of secrets) {
      try {
        keyring.add(secret);
      } catch (error) {
        this.deps.events.pod(pod, 'Warning', 'FailedToRetrieveImagePullSecret', `Unable to parse image pull secret ${secret.metadata.name ?? ''}: ${errorText(error)}`);
      }
    }
    const { repository } = parseImageReference(spec.image);
    return [...keyring.find(repository), ...await this.deps.providedCredentials?.(spec.image, repository, pod) ?? []];
  }

  /** Each credential that fits, or none where there are none; the last failure counts. */
  async #pullWithCredentials(spec: runtimev1.ImageSpec, sandbox: runtimev1.PodSandboxConfig | undefined, credentials: readonly Credential[], signal: AbortSignal): Promise<{ readonly imageRef: string; readonly used: Credential | undefined }> {
    let failure: unknown;
    for (const used of credentials.length > 0 ? credentials : [undefined]) {
      try {
        if (!this.#limit.take(this.deps.clock.now())) throw new Error('pull QPS exceeded');
        return { imageRef: await this.deps.runtime.pullImage(spec, used?.auth, sandbox, signal), used };
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

/** Asks at the first call only. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}

function presentImage(image: runtimev1.Image | undefined, imageRef: string): PresentImage {
  return {
    imageRef,
    ...(image?.uid ? { uid: Number(image.uid.value) } : {}),
    ...(image?.username ? { username: image.username } : {}),
  };
}
