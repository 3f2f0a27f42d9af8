import { type runtimev1 } from '@navarch/proto';
import { type SandboxResources } from './containers/sandbox-resources';

/**
 * What the kubelet asks of a container runtime, over CRI v1. Failures are Errors with the runtime's own text.
 * `runtime/cri-runtime.ts` speaks to any; tests use one in memory.
 */
export interface ContainerRuntime {
  version(): Promise<runtimev1.VersionResponse>;
  /** `verbose`: with the runtime's own configuration, in its own form. */
  status(verbose?: boolean): Promise<runtimev1.StatusResponse>;

  runPodSandbox(config: runtimev1.PodSandboxConfig, runtimeHandler: string, signal?: AbortSignal): Promise<string>;
  /** Ends its processes and frees its network; may be called again. */
  stopPodSandbox(sandboxId: string): Promise<void>;
  removePodSandbox(sandboxId: string): Promise<void>;
  /** Tells it what all containers of a sandbox have together now; rejects with `RuntimeUnsupportedError` where that changes nothing there. */
  updatePodSandboxResources(sandboxId: string, resources: SandboxResources): Promise<void>;
  podSandboxStatus(sandboxId: string): Promise<runtimev1.PodSandboxStatus>;
  listPodSandboxes(labels?: Record<string, string>): Promise<runtimev1.PodSandbox[]>;

  createContainer(sandboxId: string, config: runtimev1.ContainerConfig, sandboxConfig: runtimev1.PodSandboxConfig): Promise<string>;
  startContainer(containerId: string): Promise<void>;
  /** Stops politely, and by force after the timeout. */
  stopContainer(containerId: string, timeoutSeconds: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  /** Undefined when there is no such container. */
  containerStatus(containerId: string): Promise<runtimev1.ContainerStatus | undefined>;
  listContainers(labels?: Record<string, string>): Promise<runtimev1.Container[]>;
  updateContainerResources(containerId: string, linux: runtimev1.LinuxContainerResources): Promise<void>;
  /** Writes a container down as an archive; rejects with `RuntimeUnsupportedError` where the runtime cannot. */
  checkpointContainer(containerId: string, location: string, timeoutSeconds: number): Promise<void>;
  reopenContainerLog(containerId: string): Promise<void>;

  /** Runs a command and waits for it. */
  execSync(containerId: string, command: readonly string[], timeoutSeconds: number, signal?: AbortSignal): Promise<runtimev1.ExecSyncResponse>;
  /** Where to stream to; see node-service/streaming.ts. */
  exec(request: runtimev1.ExecRequest): Promise<string>;
  attach(request: runtimev1.AttachRequest): Promise<string>;
  portForward(request: runtimev1.PortForwardRequest): Promise<string>;

  listContainerStats(): Promise<runtimev1.ContainerStats[]>;
  /** Undefined when the runtime does not serve it. */
  listPodSandboxStats(): Promise<runtimev1.PodSandboxStats[] | undefined>;
  podSandboxStats(sandboxId: string): Promise<runtimev1.PodSandboxStats | undefined>;
  /** Changes of containers as they happen. Ends with `RuntimeUnsupportedError` where the runtime does not tell. */
  containerEvents(signal: AbortSignal): AsyncIterable<runtimev1.ContainerEventResponse>;

  /** Undefined when the image is not there. */
  imageStatus(image: runtimev1.ImageSpec): Promise<runtimev1.Image | undefined>;
  listImages(): Promise<runtimev1.Image[]>;
  /** Resolves with the reference of the image pulled. */
  pullImage(image: runtimev1.ImageSpec, auth: runtimev1.AuthConfig | undefined, sandboxConfig: runtimev1.PodSandboxConfig | undefined, signal?: AbortSignal): Promise<string>;
  removeImage(image: string): Promise<void>;
  imageFsInfo(): Promise<runtimev1.ImageFsInfoResponse>;
}

/** The runtime does not serve this call. */
export class RuntimeUnsupportedError extends Error {
  override readonly name = 'RuntimeUnsupportedError';
}
