import { status as Code } from '@grpc/grpc-js';
import { runtimev1 } from '@navarch/proto';
import { type SandboxResources } from '../containers/sandbox-resources';
import { RuntimeUnsupportedError, type ContainerRuntime } from '../runtime';
import { type CallLimits, type CriClients } from './cri-clients';
import { RuntimeError } from './runtime-error';

export interface CriRuntimeOptions {
  /** Upstream's --runtime-request-timeout. */
  readonly requestTimeoutMs: number;
  /** Told of each call by upstream's name for it, and how long it took. */
  readonly onCall?: (operation: string, seconds: number, failed: boolean) => void;
  /** Told of each sandbox, by the handler that made it. */
  readonly onSandbox?: (handler: string, seconds: number, failed: boolean) => void;
}

/** How long a runtime may be slower than the time a call itself asks for. */
const slackMs = 120_000;

/** A runtime that speaks CRI v1. */
export class CriRuntime implements ContainerRuntime {
  constructor(private readonly clients: CriClients, private readonly options: CriRuntimeOptions) {}

  close(): void {
    this.clients.close();
  }

  version(): Promise<runtimev1.VersionResponse> {
    return this.#call('version', this.clients.runtime.version, { version: '0.1.0' });
  }

  status(verbose = false): Promise<runtimev1.StatusResponse> {
    return this.#call('status', this.clients.runtime.status, { verbose });
  }

  async runPodSandbox(config: runtimev1.PodSandboxConfig, runtimeHandler: string, signal?: AbortSignal): Promise<string> {
    // Twice the usual time, as upstream gives it: network plug-ins are slow on a busy node.
    const startedMs = performance.now();
    let failed = true;
    try {
      const answer = await this.#call('run_podsandbox', this.clients.runtime.runPodSandbox, { config, runtimeHandler }, { timeoutMs: this.options.requestTimeoutMs * 2, signal });
      failed = false;
      return answer.podSandboxId;
    } finally {
      this.options.onSandbox?.(runtimeHandler, (performance.now() - startedMs) / 1000, failed);
    }
  }

  async stopPodSandbox(podSandboxId: string): Promise<void> {
    await ignoreNotFound(this.#call('stop_podsandbox', this.clients.runtime.stopPodSandbox, { podSandboxId }));
  }

  async removePodSandbox(podSandboxId: string): Promise<void> {
    await ignoreNotFound(this.#call('remove_podsandbox', this.clients.runtime.removePodSandbox, { podSandboxId }));
  }

  async podSandboxStatus(podSandboxId: string): Promise<runtimev1.PodSandboxStatus> {
    const { status } = await this.#call('podsandbox_status', this.clients.runtime.podSandboxStatus, { podSandboxId, verbose: false });
    if (!status) throw new Error(`the runtime gave no status of pod sandbox ${podSandboxId}`);
    return status;
  }

  async listPodSandboxes(labels: Record<string, string> = {}): Promise<runtimev1.PodSandbox[]> {
    const { items } = await this.#call('list_podsandbox', this.clients.runtime.listPodSandbox, { filter: { id: '', state: undefined, labelSelector: labels } });
    return items;
  }

  async createContainer(podSandboxId: string, config: runtimev1.ContainerConfig, sandboxConfig: runtimev1.PodSandboxConfig): Promise<string> {
    const { containerId } = await this.#call('create_container', this.clients.runtime.createContainer, { podSandboxId, config, sandboxConfig });
    return containerId;
  }

  async startContainer(containerId: string): Promise<void> {
    await this.#call('start_container', this.clients.runtime.startContainer, { containerId });
  }

  async stopContainer(containerId: string, timeoutSeconds: number): Promise<void> {
    await ignoreNotFound(
      this.#call(
        'stop_container',
        this.clients.runtime.stopContainer,
        { containerId, timeout: BigInt(Math.max(0, Math.ceil(timeoutSeconds))) },
        { timeoutMs: timeoutSeconds * 1000 + slackMs },
      ),
    );
  }

  async removeContainer(containerId: string): Promise<void> {
    await ignoreNotFound(this.#call('remove_container', this.clients.runtime.removeContainer, { containerId }));
  }

  async containerStatus(containerId: string): Promise<runtimev1.ContainerStatus | undefined> {
    const answer = await ignoreNotFound(this.#call('container_status', this.clients.runtime.containerStatus, { containerId, verbose: false }));
    return answer?.status;
  }

  async listContainers(labels: Record<string, string> = {}): Promise<runtimev1.Container[]> {
    const { containers } = await this.#call('list_containers', this.clients.runtime.listContainers, { filter: { id: '', state: undefined, podSandboxId: '', labelSelector: labels } });
    return containers;
  }

  async updatePodSandboxResources(podSandboxId: string, { resources, overhead }: SandboxResources): Promise<void> {
    await this.#call('update_podsandbox_resources', this.clients.runtime.updatePodSandboxResources, {
      podSandboxId,
      resources,
      overhead: runtimev1.LinuxContainerResources.fromPartial(overhead),
    });
  }

  async updateContainerResources(containerId: string, linux: runtimev1.LinuxContainerResources): Promise<void> {
    await this.#call('update_container', this.clients.runtime.updateContainerResources, { containerId, linux, windows: undefined, annotations: {} });
  }

  async checkpointContainer(containerId: string, location: string, timeoutSeconds: number): Promise<void> {
    await this.#call('checkpoint_container', this.clients.runtime.checkpointContainer, { containerId, location, timeout: BigInt(timeoutSeconds) });
  }

  async reopenContainerLog(containerId: string): Promise<void> {
    await this.#call('reopen_container_log', this.clients.runtime.reopenContainerLog, { containerId });
  }

  execSync(containerId: string, command: readonly string[], timeoutSeconds: number, signal?: AbortSignal): Promise<runtimev1.ExecSyncResponse> {
    const request = { containerId, cmd: [...command], timeout: BigInt(Math.ceil(timeoutSeconds)) };
    // No timeout is a command that may run for ever: the caller's signal ends it.
    const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 + this.options.requestTimeoutMs : undefined;
    return this.#call('exec_sync', this.clients.runtime.execSync, request, { timeoutMs, signal });
  }

  async exec(request: runtimev1.ExecRequest): Promise<string> {
    return (await this.#call('exec', this.clients.runtime.exec, request)).url;
  }

  async attach(request: runtimev1.AttachRequest): Promise<string> {
    return (await this.#call('attach', this.clients.runtime.attach, request)).url;
  }

  async portForward(request: runtimev1.PortForwardRequest): Promise<string> {
    return (await this.#call('port_forward', this.clients.runtime.portForward, request)).url;
  }

  async listContainerStats(): Promise<runtimev1.ContainerStats[]> {
    return (await this.#call('list_container_stats', this.clients.runtime.listContainerStats, { filter: undefined })).stats;
  }

  async listPodSandboxStats(): Promise<runtimev1.PodSandboxStats[] | undefined> {
    try {
      return (await this.#call('list_podsandbox_stats', this.clients.runtime.listPodSandboxStats, { filter: undefined })).stats;
    } catch (error) {
      if (error instanceof RuntimeUnsupportedError) return undefined;
      throw error;
    }
  }

  async podSandboxStats(podSandboxId: string): Promise<runtimev1.PodSandboxStats | undefined> {
    return (await this.#call('podsandbox_stats', this.clients.runtime.podSandboxStats, { podSandboxId })).stats;
  }

  containerEvents(signal: AbortSignal): AsyncIterable<runtimev1.ContainerEventResponse> {
    return this.clients.containerEvents(signal);
  }

  async imageStatus(image: runtimev1.ImageSpec): Promise<runtimev1.Image | undefined> {
    return (await this.#call('image_status', this.clients.images.imageStatus, { image, verbose: false })).image;
  }

  async listImages(): Promise<runtimev1.Image[]> {
    return (await this.#call('list_images', this.clients.images.listImages, { filter: undefined })).images;
  }

  async pullImage(image: runtimev1.ImageSpec, auth: runtimev1.AuthConfig | undefined, sandboxConfig: runtimev1.PodSandboxConfig | undefined, signal?: AbortSignal): Promise<string> {
    // No deadline: a large image takes what it takes; the signal ends it when the pod goes.
    return (await this.#call('pull_image', this.clients.images.pullImage, { image, auth, sandboxConfig }, { timeoutMs: undefined, signal })).imageRef;
  }

  async removeImage(image: string): Promise<void> {
    await this.#call('remove_image', this.clients.images.removeImage, { image: { image, annotations: {}, userSpecifiedImage: '', runtimeHandler: '', imageRef: '' } });
  }

  imageFsInfo(): Promise<runtimev1.ImageFsInfoResponse> {
    return this.#call('image_fs_info', this.clients.images.imageFsInfo, {});
  }

  async #call<Request, Response>(
    operation: string, method: (request: Request, limits: CallLimits) => Promise<Response>, request: Request, limits: CallLimits = { timeoutMs: this.options.requestTimeoutMs },
  ): Promise<Response> {
    const startedMs = performance.now();
    let failed = true;
    try {
      const answer = await method(request, limits);
      failed = false;
      return answer;
    } finally {
      this.options.onCall?.(operation, (performance.now() - startedMs) / 1000, failed);
    }
  }
}

async function ignoreNotFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RuntimeError && error.code === Code.NOT_FOUND) return undefined;
    throw error;
  }
}
