import { type CallOptions, type ClientUnaryCall, credentials, makeClientConstructor, Metadata, type ServiceError, status as Code } from '@grpc/grpc-js';
import { runtimev1 } from '@navarch/proto';
import { tappedService } from '@navarch/rpc';
import { type SandboxResources } from '../containers/sandbox-resources';
import { goRpcText } from '../rpc-error-text';
import { RuntimeUnsupportedError, type ContainerRuntime } from '../runtime';

export interface RemoteRuntimeOptions {
  /** A `unix://` address, such as `unix:///run/containerd/containerd.sock`. */
  readonly endpoint: string;
  /** Where images are, if not there: upstream's --image-service-endpoint. */
  readonly imageEndpoint?: string | undefined;
  /** Upstream's --runtime-request-timeout. */
  readonly requestTimeoutMs: number;
  /** Told of each call by upstream's name for it, and how long it took. */
  readonly onCall?: (operation: string, seconds: number, failed: boolean) => void;
  /** Told of each sandbox, by the handler that made it. */
  readonly onSandbox?: (handler: string, seconds: number, failed: boolean) => void;
}

type Unary<Request, Response> = (request: Request, metadata: Metadata, options: Partial<CallOptions>, callback: (error: ServiceError | null, response: Response) => void) => ClientUnaryCall;

// The generated clients, but told to whoever taps the kubelet: CRI is one of its boundaries.
const RuntimeClient = makeClientConstructor(tappedService(runtimev1.RuntimeServiceService), 'RuntimeService') as unknown as typeof runtimev1.RuntimeServiceClient;
const ImageClient = makeClientConstructor(tappedService(runtimev1.ImageServiceService), 'ImageService') as unknown as typeof runtimev1.ImageServiceClient;

/** How long a runtime may be slower than the time a call itself asks for. */
const slackMs = 120_000;

/** A runtime at the other end of a socket. */
export class RemoteRuntime implements ContainerRuntime {
  readonly #runtime: runtimev1.RuntimeServiceClient;
  readonly #images: runtimev1.ImageServiceClient;

  constructor(private readonly options: RemoteRuntimeOptions) {
    const channel = {
      'grpc.max_receive_message_length': 16 * 1024 * 1024,
      'grpc.service_config_disable_resolution': 1,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 3000,
      'grpc.default_authority': 'localhost',
    };
    this.#runtime = new RuntimeClient(options.endpoint, credentials.createInsecure(), channel);
    this.#images = new ImageClient(options.imageEndpoint ?? options.endpoint, credentials.createInsecure(), channel);
  }

  close(): void {
    this.#runtime.close();
    this.#images.close();
  }

  version(): Promise<runtimev1.VersionResponse> {
    return this.#call('version', this.#runtime.version.bind(this.#runtime), { version: '0.1.0' });
  }

  status(verbose = false): Promise<runtimev1.StatusResponse> {
    return this.#call('status', this.#runtime.status.bind(this.#runtime), { verbose });
  }

  async runPodSandbox(config: runtimev1.PodSandboxConfig, runtimeHandler: string, signal?: AbortSignal): Promise<string> {
    // Twice the usual time, as upstream gives it: network plug-ins are slow on a busy node.
    const startedMs = performance.now();
    let failed = true;
    try {
      const answer = await this.#call('run_podsandbox', this.#runtime.runPodSandbox.bind(this.#runtime), { config, runtimeHandler }, { timeoutMs: this.options.requestTimeoutMs * 2, signal });
      failed = false;
      return answer.podSandboxId;
    } finally {
      this.options.onSandbox?.(runtimeHandler, (performance.now() - startedMs) / 1000, failed);
    }
  }

  async stopPodSandbox(podSandboxId: string): Promise<void> {
    await ignoreNotFound(this.#call('stop_podsandbox', this.#runtime.stopPodSandbox.bind(this.#runtime), { podSandboxId }));
  }

  async removePodSandbox(podSandboxId: string): Promise<void> {
    await ignoreNotFound(this.#call('remove_podsandbox', this.#runtime.removePodSandbox.bind(this.#runtime), { podSandboxId }));
  }

  async podSandboxStatus(podSandboxId: string): Promise<runtimev1.PodSandboxStatus> {
    const { status } = await this.#call('podsandbox_status', this.#runtime.podSandboxStatus.bind(this.#runtime), { podSandboxId, verbose: false });
    if (!status) throw new Error(`the runtime gave no status of pod sandbox ${podSandboxId}`);
    return status;
  }

  async listPodSandboxes(labels: Record<string, string> = {}): Promise<runtimev1.PodSandbox[]> {
    const { items } = await this.#call('list_podsandbox', this.#runtime.listPodSandbox.bind(this.#runtime), { filter: { id: '', state: undefined, labelSelector: labels } });
    return items;
  }

  async createContainer(podSandboxId: string, config: runtimev1.ContainerConfig, sandboxConfig: runtimev1.PodSandboxConfig): Promise<string> {
    const { containerId } = await this.#call('create_container', this.#runtime.createContainer.bind(this.#runtime), { podSandboxId, config, sandboxConfig });
    return containerId;
  }

  async startContainer(containerId: string): Promise<void> {
    await this.#call('start_container', this.#runtime.startContainer.bind(this.#runtime), { containerId });
  }

  async stopContainer(containerId: string, timeoutSeconds: number): Promise<void> {
    await ignoreNotFound(
      this.#call(
        'stop_container',
        this.#runtime.stopContainer.bind(this.#runtime),
        { containerId, timeout: BigInt(Math.max(0, Math.ceil(timeoutSeconds))) },
        { timeoutMs: timeoutSeconds * 1000 + slackMs },
      ),
    );
  }

  async removeContainer(containerId: string): Promise<void> {
    await ignoreNotFound(this.#call('remove_container', this.#runtime.removeContainer.bind(this.#runtime), { containerId }));
  }

  async containerStatus(containerId: string): Promise<runtimev1.ContainerStatus | undefined> {
    const answer = await ignoreNotFound(this.#call('container_status', this.#runtime.containerStatus.bind(this.#runtime), { containerId, verbose: false }));
    return answer?.status;
  }

  async listContainers(labels: Record<string, string> = {}): Promise<runtimev1.Container[]> {
    const { containers } = await this.#call('list_containers', this.#runtime.listContainers.bind(this.#runtime), { filter: { id: '', state: undefined, podSandboxId: '', labelSelector: labels } });
    return containers;
  }

  async updatePodSandboxResources(podSandboxId: string, { resources, overhead }: SandboxResources): Promise<void> {
    await this.#call('update_podsandbox_resources', this.#runtime.updatePodSandboxResources.bind(this.#runtime), {
      podSandboxId,
      resources,
      overhead: runtimev1.LinuxContainerResources.fromPartial(overhead),
    });
  }

  async updateContainerResources(containerId: string, linux: runtimev1.LinuxContainerResources): Promise<void> {
    await this.#call('update_container', this.#runtime.updateContainerResources.bind(this.#runtime), { containerId, linux, windows: undefined, annotations: {} });
  }

  async checkpointContainer(containerId: string, location: string, timeoutSeconds: number): Promise<void> {
    await this.#call('checkpoint_container', this.#runtime.checkpointContainer.bind(this.#runtime), { containerId, location, timeout: BigInt(timeoutSeconds) });
  }

  async reopenContainerLog(containerId: string): Promise<void> {
    await this.#call('reopen_container_log', this.#runtime.reopenContainerLog.bind(this.#runtime), { containerId });
  }

  execSync(containerId: string, command: readonly string[], timeoutSeconds: number, signal?: AbortSignal): Promise<runtimev1.ExecSyncResponse> {
    const request = { containerId, cmd: [...command], timeout: BigInt(Math.ceil(timeoutSeconds)) };
    // No timeout is a command that may run for ever: the caller's signal ends it.
    const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 + this.options.requestTimeoutMs : undefined;
    return this.#call('exec_sync', this.#runtime.execSync.bind(this.#runtime), request, { timeoutMs, signal });
  }

  async exec(request: runtimev1.ExecRequest): Promise<string> {
    return (await this.#call('exec', this.#runtime.exec.bind(this.#runtime), request)).url;
  }

  async attach(request: runtimev1.AttachRequest): Promise<string> {
    return (await this.#call('attach', this.#runtime.attach.bind(this.#runtime), request)).url;
  }

  async portForward(request: runtimev1.PortForwardRequest): Promise<string> {
    return (await this.#call('port_forward', this.#runtime.portForward.bind(this.#runtime), request)).url;
  }

  async listContainerStats(): Promise<runtimev1.ContainerStats[]> {
    return (await this.#call('list_container_stats', this.#runtime.listContainerStats.bind(this.#runtime), { filter: undefined })).stats;
  }

  async listPodSandboxStats(): Promise<runtimev1.PodSandboxStats[] | undefined> {
    try {
      return (await this.#call('list_podsandbox_stats', this.#runtime.listPodSandboxStats.bind(this.#runtime), { filter: undefined })).stats;
    } catch (error) {
      if (error instanceof RuntimeUnsupportedError) return undefined;
      throw error;
    }
  }

  async podSandboxStats(podSandboxId: string): Promise<runtimev1.PodSandboxStats | undefined> {
    return (await this.#call('podsandbox_stats', this.#runtime.podSandboxStats.bind(this.#runtime), { podSandboxId })).stats;
  }

  async *containerEvents(signal: AbortSignal): AsyncGenerator<runtimev1.ContainerEventResponse> {
    const call = this.#runtime.getContainerEvents({});
    const cancel = (): void => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      for await (const event of call) yield event as runtimev1.ContainerEventResponse;
    } catch (error) {
      if (signal.aborted) return;
      throw asRuntimeError(error);
    } finally {
      signal.removeEventListener('abort', cancel);
      call.cancel();
    }
  }

  async imageStatus(image: runtimev1.ImageSpec): Promise<runtimev1.Image | undefined> {
    return (await this.#call('image_status', this.#images.imageStatus.bind(this.#images), { image, verbose: false })).image;
  }

  async listImages(): Promise<runtimev1.Image[]> {
    return (await this.#call('list_images', this.#images.listImages.bind(this.#images), { filter: undefined })).images;
  }

  async pullImage(image: runtimev1.ImageSpec, auth: runtimev1.AuthConfig | undefined, sandboxConfig: runtimev1.PodSandboxConfig | undefined, signal?: AbortSignal): Promise<string> {
    // No deadline: a large image takes what it takes; the signal ends it when the pod goes.
    return (await this.#call('pull_image', this.#images.pullImage.bind(this.#images), { image, auth, sandboxConfig }, { timeoutMs: undefined, signal })).imageRef;
  }

  async removeImage(image: string): Promise<void> {
    await this.#call('remove_image', this.#images.removeImage.bind(this.#images), { image: { image, annotations: {}, userSpecifiedImage: '', runtimeHandler: '', imageRef: '' } });
  }

  imageFsInfo(): Promise<runtimev1.ImageFsInfoResponse> {
    return this.#call('image_fs_info', this.#images.imageFsInfo.bind(this.#images), {});
  }

  async #call<Request, Response>(
    operation: string, method: Unary<Request, Response>, request: Request, limits: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined } = { timeoutMs: this.options.requestTimeoutMs },
  ): Promise<Response> {
    const startedMs = performance.now();
    let failed = true;
    try {
      const answer = await this.#send(method, request, limits);
      failed = false;
      return answer;
    } finally {
      this.options.onCall?.(operation, (performance.now() - startedMs) / 1000, failed);
    }
  }

  #send<Request, Response>(
    method: Unary<Request, Response>, request: Request, { timeoutMs, signal }: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new Error('the call was given up', { cause: signal.reason }));
        return;
      }
      const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
      const call = method(request, new Metadata(), options, (error, response) => {
        signal?.removeEventListener('abort', cancel);
        if (error) reject(asRuntimeError(error));
        else resolve(response);
      });
      const cancel = (): void => call.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }
}

/** A gRPC error of the runtime in the form upstream's messages show it. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';

  constructor(readonly code: Code, readonly details: string) {
    super(goRpcText(code, details));
  }
}

function asRuntimeError(error: unknown): Error {
  if (!isServiceError(error)) return error instanceof Error ? error : new Error('runtime call failed', { cause: error });
  if (error.code === Code.UNIMPLEMENTED) return new RuntimeUnsupportedError(error.details);
  return new RuntimeError(error.code, error.details);
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error;
}

async function ignoreNotFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RuntimeError && error.code === Code.NOT_FOUND) return undefined;
    throw error;
  }
}
