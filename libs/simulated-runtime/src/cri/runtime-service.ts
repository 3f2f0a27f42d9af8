import { status } from '@grpc/grpc-js';
import { type Clock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';

import { CriError, invalidArgument } from '../cri-error';
import type { SimulatedRuntime } from '../runtime/simulated-runtime';
import { containerStats, sandboxStats } from '../runtime/simulated-stats';
import { nanoseconds, toContainer, toContainerStatus, toPodSandbox, toPodSandboxStatus } from '../runtime/to-cri';
import { selectContainers, selectSandboxes } from './filters';
import { runExecSync } from './run-exec-sync';
import type { MethodsOf } from './methods';

const RUNTIME_NAME = 'navarch-fake';
const RUNTIME_VERSION = '0.1.0';

/** Where exec, attach and port-forward are served: answers a URL that may be used once. */
export interface StreamingUrls {
  exec(request: runtimev1.ExecRequest): string;
  attach(request: runtimev1.AttachRequest): string;
  portForward(request: runtimev1.PortForwardRequest): string;
}

type Unimplemented = 'checkpointContainer' | 'listMetricDescriptors' | 'listPodSandboxMetrics' | 'streamPodSandboxMetrics';

/** CRI's RuntimeService over a simulated runtime. */
export class SimulatedRuntimeService implements Omit<MethodsOf<runtimev1.RuntimeServiceServer>, Unimplemented> {
  constructor(
    private readonly runtime: SimulatedRuntime,
    private readonly streaming: StreamingUrls | undefined,
    private readonly clock: Clock,
  ) {}

  version(): runtimev1.VersionResponse {
    return { version: '0.1.0', runtimeName: RUNTIME_NAME, runtimeVersion: RUNTIME_VERSION, runtimeApiVersion: 'v1' };
  }

  status(): runtimev1.StatusResponse {
    const condition = (type: string): runtimev1.RuntimeCondition => ({ type, status: true, reason: '', message: '' });
    return {
      status: { conditions: [condition('RuntimeReady'), condition('NetworkReady')] },
      info: {},
      runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: false } }],
      features: undefined,
    };
  }

  updateRuntimeConfig({ runtimeConfig }: runtimev1.UpdateRuntimeConfigRequest): runtimev1.UpdateRuntimeConfigResponse {
    const cidr = runtimeConfig?.networkConfig?.podCidr ?? '';
    // Dual-stack ranges come comma-separated; the simulation knows IPv4.
    const ipv4 = cidr.split(',').find((range) => !range.includes(':'));
    if (ipv4) this.runtime.usePodCidr(ipv4);
    return {};
  }

  runtimeConfig(): runtimev1.RuntimeConfigResponse {
    return { linux: { cgroupDriver: runtimev1.CgroupDriver.CGROUPFS } };
  }

  runPodSandbox({ config, runtimeHandler }: runtimev1.RunPodSandboxRequest): runtimev1.RunPodSandboxResponse {
    if (!config?.metadata?.name || !config.metadata.namespace) throw invalidArgument('sandbox config must include metadata');
    return { podSandboxId: this.runtime.runSandbox(config, runtimeHandler).id };
  }

  stopPodSandbox({ podSandboxId }: runtimev1.StopPodSandboxRequest): runtimev1.StopPodSandboxResponse {
    this.runtime.stopSandbox(podSandboxId);
    return {};
  }

  removePodSandbox({ podSandboxId }: runtimev1.RemovePodSandboxRequest): runtimev1.RemovePodSandboxResponse {
    this.runtime.removeSandbox(podSandboxId);
    return {};
  }

  podSandboxStatus({ podSandboxId }: runtimev1.PodSandboxStatusRequest): runtimev1.PodSandboxStatusResponse {
    const sandbox = this.runtime.records.sandbox(podSandboxId);
    return {
      status: toPodSandboxStatus(sandbox),
      info: {},
      containersStatuses: this.runtime.records.containersOf(podSandboxId).map(toContainerStatus),
      timestamp: nanoseconds(this.clock.now()),
    };
  }

  listPodSandbox({ filter }: runtimev1.ListPodSandboxRequest): runtimev1.ListPodSandboxResponse {
    return { items: selectSandboxes(this.runtime, filter).map(toPodSandbox) };
  }

  *streamPodSandboxes({ filter }: runtimev1.StreamPodSandboxesRequest): Generator<runtimev1.StreamPodSandboxesResponse> {
    for (const podSandboxes of pages(selectSandboxes(this.runtime, filter))) yield { podSandboxes: podSandboxes.map(toPodSandbox) };
  }

  updatePodSandboxResources({ podSandboxId }: runtimev1.UpdatePodSandboxResourcesRequest): runtimev1.UpdatePodSandboxResourcesResponse {
    this.runtime.records.sandbox(podSandboxId);
    return {};
  }

  createContainer({ podSandboxId, config }: runtimev1.CreateContainerRequest): runtimev1.CreateContainerResponse {
    if (!config?.metadata?.name) throw invalidArgument('container config must include metadata');
    return { containerId: this.runtime.createContainer(podSandboxId, config).id };
  }

  async startContainer({ containerId }: runtimev1.StartContainerRequest, signal: AbortSignal): Promise<runtimev1.StartContainerResponse> {
    await this.runtime.startContainer(containerId, signal);
    return {};
  }

  async stopContainer({ containerId, timeout }: runtimev1.StopContainerRequest, signal: AbortSignal): Promise<runtimev1.StopContainerResponse> {
    await this.runtime.stopContainer(containerId, Number(timeout) * 1000, signal);
    return {};
  }

  removeContainer({ containerId }: runtimev1.RemoveContainerRequest): runtimev1.RemoveContainerResponse {
    this.runtime.removeContainer(containerId);
    return {};
  }

  listContainers({ filter }: runtimev1.ListContainersRequest): runtimev1.ListContainersResponse {
    return { containers: selectContainers(this.runtime, filter).map(toContainer) };
  }

  *streamContainers({ filter }: runtimev1.StreamContainersRequest): Generator<runtimev1.StreamContainersResponse> {
    for (const containers of pages(selectContainers(this.runtime, filter))) yield { containers: containers.map(toContainer) };
  }

  containerStatus({ containerId }: runtimev1.ContainerStatusRequest): runtimev1.ContainerStatusResponse {
    return { status: toContainerStatus(this.runtime.records.container(containerId)), info: {} };
  }

  updateContainerResources({ containerId, linux }: runtimev1.UpdateContainerResourcesRequest): runtimev1.UpdateContainerResourcesResponse {
    this.runtime.updateResources(containerId, linux);
    return {};
  }

  reopenContainerLog({ containerId }: runtimev1.ReopenContainerLogRequest): runtimev1.ReopenContainerLogResponse {
    this.runtime.reopenLog(containerId);
    return {};
  }

  execSync({ containerId, cmd, timeout }: runtimev1.ExecSyncRequest, signal: AbortSignal): Promise<runtimev1.ExecSyncResponse> {
    return runExecSync(cmd, this.runtime.execContext(containerId), Number(timeout) * 1000, this.clock, signal);
  }

  exec(request: runtimev1.ExecRequest): runtimev1.ExecResponse {
    this.runtime.execContext(request.containerId);
    if (request.tty && request.stderr) throw invalidArgument('tty and stderr cannot both be true');
    if (!request.stdin && !request.stdout && !request.stderr) throw invalidArgument('one of stdin, stdout, or stderr must be set');
    return { url: this.#urls().exec(request) };
  }

  attach(request: runtimev1.AttachRequest): runtimev1.AttachResponse {
    this.runtime.execContext(request.containerId);
    return { url: this.#urls().attach(request) };
  }

  portForward(request: runtimev1.PortForwardRequest): runtimev1.PortForwardResponse {
    this.runtime.records.sandbox(request.podSandboxId);
    return { url: this.#urls().portForward(request) };
  }

  containerStats({ containerId }: runtimev1.ContainerStatsRequest): runtimev1.ContainerStatsResponse {
    return { stats: containerStats(this.runtime.records.container(containerId), this.clock.now()) };
  }

  listContainerStats({ filter }: runtimev1.ListContainerStatsRequest): runtimev1.ListContainerStatsResponse {
    const now = this.clock.now();
    return { stats: selectContainers(this.runtime, filter).map((container) => containerStats(container, now)) };
  }

  *streamContainerStats({ filter }: runtimev1.StreamContainerStatsRequest): Generator<runtimev1.StreamContainerStatsResponse> {
    for (const page of pages(this.listContainerStats({ filter }).stats)) yield { containerStats: page };
  }

  podSandboxStats({ podSandboxId }: runtimev1.PodSandboxStatsRequest): runtimev1.PodSandboxStatsResponse {
    return { stats: sandboxStats(this.runtime.records.sandbox(podSandboxId), this.runtime.records.containersOf(podSandboxId), this.clock.now()) };
  }

  listPodSandboxStats({ filter }: runtimev1.ListPodSandboxStatsRequest): runtimev1.ListPodSandboxStatsResponse {
    const now = this.clock.now();
    return { stats: selectSandboxes(this.runtime, filter).map((sandbox) => sandboxStats(sandbox, this.runtime.records.containersOf(sandbox.id), now)) };
  }

  *streamPodSandboxStats({ filter }: runtimev1.StreamPodSandboxStatsRequest): Generator<runtimev1.StreamPodSandboxStatsResponse> {
    for (const page of pages(this.listPodSandboxStats({ filter }).stats)) yield { podSandboxStats: page };
  }

  #urls(): StreamingUrls {
    if (!this.streaming) throw new CriError(status.UNIMPLEMENTED, 'streaming is not served');
    return this.streaming;
  }

  getContainerEvents(_request: runtimev1.GetEventsRequest, signal: AbortSignal): AsyncIterable<runtimev1.ContainerEventResponse> {
    return this.runtime.events.subscribe(signal);
  }
}

const PAGE = 500;

function* pages<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += PAGE) yield items.slice(at, at + PAGE);
}
