import { type Clock } from '@navarch/clock';
import { runtimev1 } from '@navarch/proto';
import { type SandboxResources } from '../containers/sandbox-resources';
import { RuntimeUnsupportedError, type ContainerRuntime } from '../runtime';

const { ContainerState, PodSandboxState, NamespaceMode } = runtimev1;

interface FakeContainer {
  status: runtimev1.ContainerStatus;
  sandboxId: string;
  config: runtimev1.ContainerConfig;
}

/** A runtime in memory for specs: it remembers all it is asked, and a test plays the containers' part. */
export class FakeRuntime implements ContainerRuntime {
  readonly calls: string[] = [];
  readonly sandboxes = new Map<string, runtimev1.PodSandboxStatus>();
  readonly containers = new Map<string, FakeContainer>();
  readonly images = new Map<string, runtimev1.Image>();
  /** Images a registry would have; others cannot be pulled. */
  readonly registry = new Set<string>();
  readonly sandboxConfigs: runtimev1.PodSandboxConfig[] = [];
  readonly pulledWith: (runtimev1.AuthConfig | undefined)[] = [];
  /** Throws, or answers, in place of a call, by its name. */
  readonly behave: Partial<Record<string, (...args: readonly unknown[]) => unknown>> = {};
  /** What a container does when asked to stop; unset: it ends with 0 at once. */
  onStop: (container: FakeContainer, timeoutSeconds: number) => Promise<void> = (container) => {
    this.exit(container.status.id, 0);
    return Promise.resolve();
  };
  networkReady = true;
  /** Bytes of memory that each running container uses; unset: nobody can say. */
  memoryUsage: number | undefined;
  #next = 1;

  constructor(private readonly clock: Clock) {}

  /** Ends a running container. */
  exit(id: string, exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): void {
    const container = this.#container(id);
    if (container.status.state === ContainerState.CONTAINER_EXITED) return;
    container.status = { ...container.status, state: ContainerState.CONTAINER_EXITED, exitCode, reason, finishedAt: this.#nanoseconds() };
  }

  /** The newest container of a name. */
  newest(name: string): FakeContainer {
    const found = [...this.containers.values()].filter((container) => container.config.metadata?.name === name).at(-1);
    if (!found) throw new Error(`no container ${name}`);
    return found;
  }

  has(name: string): boolean {
    return [...this.containers.values()].some((container) => container.config.metadata?.name === name);
  }

  addImage(name: string): void {
    this.images.set(name, runtimev1.Image.fromPartial({ id: `sha256:${name}`, repoTags: [name], size: 1000n }));
  }

  version(): Promise<runtimev1.VersionResponse> {
    return Promise.resolve({ version: '0.1.0', runtimeName: 'fake', runtimeVersion: '1.0', runtimeApiVersion: 'v1' });
  }

  status(verbose = false): Promise<runtimev1.StatusResponse> {
    const conditions = [
      { type: 'RuntimeReady', status: true, reason: '', message: '' },
      {
        type: 'NetworkReady',
        status: this.networkReady,
        reason: this.networkReady ? '' : 'NetworkPluginNotReady',
        message: this.networkReady ? '' : 'Network plugin returns error: cni plugin not initialized',
      },
    ];
    return Promise.resolve(
      runtimev1.StatusResponse.fromPartial({
        status: { conditions },
        runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: false } }],
        features: { supplementalGroupsPolicy: true },
        ...(verbose ? { info: { config: JSON.stringify({ sandboxImage: 'pause:1' }) } } : {}),
      }),
    );
  }

  async runPodSandbox(config: runtimev1.PodSandboxConfig): Promise<string> {
    await this.#called('runPodSandbox', config.metadata?.name ?? '', config);
    const id = `sandbox-${this.#next++}`;
    this.sandboxConfigs.push(config);
    this.sandboxes.set(id, runtimev1.PodSandboxStatus.fromPartial({
      id, metadata: config.metadata ?? {}, state: PodSandboxState.SANDBOX_READY, createdAt: this.#nanoseconds(), labels: config.labels,
      network: { ip: config.linux?.securityContext?.namespaceOptions?.network === NamespaceMode.NODE ? '' : `10.0.0.${this.#next}` },
      linux: { namespaces: { options: config.linux?.securityContext?.namespaceOptions ?? {} } },
    }));
    return id;
  }

  async stopPodSandbox(id: string): Promise<void> {
    await this.#called('stopPodSandbox', id);
    const sandbox = this.sandboxes.get(id);
    if (!sandbox) return;
    this.sandboxes.set(id, { ...sandbox, state: PodSandboxState.SANDBOX_NOTREADY });
    for (const [containerId, container] of this.containers) if (container.sandboxId === id) this.exit(containerId, 137);
  }

  async removePodSandbox(id: string): Promise<void> {
    await this.#called('removePodSandbox', id);
    this.sandboxes.delete(id);
  }

  async podSandboxStatus(id: string): Promise<runtimev1.PodSandboxStatus> {
    await Promise.resolve();
    const sandbox = this.sandboxes.get(id);
    if (!sandbox) throw new Error('rpc error: code = NotFound desc = no such sandbox');
    return sandbox;
  }

  listPodSandboxes(labels: Record<string, string> = {}): Promise<runtimev1.PodSandbox[]> {
    return Promise.resolve([...this.sandboxes.values()].filter((sandbox) => hasLabels(sandbox.labels, labels)).map((sandbox) =>
      runtimev1.PodSandbox.fromPartial({ id: sandbox.id, metadata: sandbox.metadata ?? {}, state: sandbox.state, createdAt: sandbox.createdAt, labels: sandbox.labels })));
  }

  async createContainer(sandboxId: string, config: runtimev1.ContainerConfig, sandboxConfig?: runtimev1.PodSandboxConfig): Promise<string> {
    await this.#called('createContainer', config.metadata?.name ?? '', config);
    const id = `container-${this.#next++}`;
    const status = runtimev1.ContainerStatus.fromPartial({
      id,
      metadata: config.metadata ?? {},
      state: ContainerState.CONTAINER_CREATED,
      createdAt: this.#nanoseconds(),
      image: config.image ?? {},
      imageRef: config.image?.image ?? '',
      labels: config.labels,
      annotations: config.annotations,
      mounts: config.mounts,
      stopSignal: config.stopSignal,
      logPath: sandboxConfig ? `${sandboxConfig.logDirectory}/${config.logPath}` : config.logPath,
    });
    this.containers.set(id, { status, sandboxId, config });
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#container(id);
    try {
      await this.#called('startContainer', container.config.metadata?.name ?? '', container.config);
    } catch (error) {
      this.exit(id, 128, 'StartError');
      throw error;
    }
    container.status = { ...container.status, state: ContainerState.CONTAINER_RUNNING, startedAt: this.#nanoseconds() };
  }

  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    const container = this.#container(id);
    await this.#called('stopContainer', `${container.config.metadata?.name ?? ''} ${timeoutSeconds}`);
    await this.onStop(container, timeoutSeconds);
  }

  async removeContainer(id: string): Promise<void> {
    await this.#called('removeContainer', id);
    this.containers.delete(id);
  }

  containerStatus(id: string): Promise<runtimev1.ContainerStatus | undefined> {
    return Promise.resolve(this.containers.get(id)?.status);
  }

  listContainers(labels: Record<string, string> = {}): Promise<runtimev1.Container[]> {
    return Promise.resolve([...this.containers.values()].filter(({ status }) => hasLabels(status.labels, labels)).map(({ status, sandboxId }) =>
      runtimev1.Container.fromPartial({ id: status.id, podSandboxId: sandboxId, metadata: status.metadata ?? {}, state: status.state, createdAt: status.createdAt, labels: status.labels })));
  }

  async updatePodSandboxResources(_id: string, { resources }: SandboxResources): Promise<void> {
    await this.#called('updatePodSandboxResources', `${resources.cpuShares} ${resources.memoryLimitInBytes}`);
  }

  async updateContainerResources(id: string, linux: runtimev1.LinuxContainerResources): Promise<void> {
    await this.#called('updateContainerResources', `${this.#container(id).config.metadata?.name ?? ''} ${linux.cpuShares} ${linux.memoryLimitInBytes}`);
  }

  async checkpointContainer(id: string, location: string, timeoutSeconds: number): Promise<void> {
    await this.#called('checkpointContainer', `${id} ${location} ${timeoutSeconds}`);
  }

  reopenContainerLog(id: string): Promise<void> {
    return this.#called('reopenContainerLog', id).then(() => undefined);
  }

  async execSync(id: string, command: readonly string[], timeoutSeconds: number, signal?: AbortSignal): Promise<runtimev1.ExecSyncResponse> {
    const answer = await this.#called('execSync', command.join(' '), id, timeoutSeconds, signal);
    return (answer as runtimev1.ExecSyncResponse | undefined) ?? { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), exitCode: 0 };
  }

  exec(): Promise<string> {
    return Promise.resolve('http://127.0.0.1/exec');
  }

  attach(): Promise<string> {
    return Promise.resolve('http://127.0.0.1/attach');
  }

  portForward(): Promise<string> {
    return Promise.resolve('http://127.0.0.1/portforward');
  }

  listContainerStats(): Promise<runtimev1.ContainerStats[]> {
    const running = this.memoryUsage === undefined ? [] : [...this.containers.values()].filter(({ status }) => status.state === ContainerState.CONTAINER_RUNNING);
    return Promise.resolve(running.map(({ status: { id } }) => runtimev1.ContainerStats.fromPartial({ attributes: { id }, memory: { usageBytes: { value: BigInt(this.memoryUsage ?? 0) } } })));
  }

  listPodSandboxStats(): Promise<runtimev1.PodSandboxStats[] | undefined> {
    return Promise.resolve(undefined);
  }

  podSandboxStats(): Promise<runtimev1.PodSandboxStats | undefined> {
    return Promise.resolve(undefined);
  }

  // oxlint-disable-next-line require-yield -- this runtime, as older ones, has no events to yield
  async *containerEvents(signal: AbortSignal): AsyncGenerator<runtimev1.ContainerEventResponse> {
    await Promise.resolve();
    signal.throwIfAborted();
    throw new RuntimeUnsupportedError('unknown method GetContainerEvents');
  }

  imageStatus(image: runtimev1.ImageSpec): Promise<runtimev1.Image | undefined> {
    return Promise.resolve(this.images.get(image.image) ?? [...this.images.values()].find(({ id }) => id === image.image));
  }

  listImages(): Promise<runtimev1.Image[]> {
    return Promise.resolve([...this.images.values()]);
  }

  async pullImage(image: runtimev1.ImageSpec, auth: runtimev1.AuthConfig | undefined): Promise<string> {
    await this.#called('pullImage', image.image, auth);
    this.pulledWith.push(auth);
    if (!this.registry.has(image.image)) throw new Error(`rpc error: code = NotFound desc = failed to pull and unpack image "${image.image}": not found`);
    this.addImage(image.image);
    return `sha256:${image.image}`;
  }

  async removeImage(image: string): Promise<void> {
    await this.#called('removeImage', image);
    this.images.delete(image);
  }

  imageFsInfo(): Promise<runtimev1.ImageFsInfoResponse> {
    return Promise.resolve({ imageFilesystems: [], containerFilesystems: [] });
  }

  async #called(name: string, what: string, ...args: unknown[]): Promise<unknown> {
    this.calls.push(`${name} ${what}`);
    return await this.behave[name]?.(what, ...args);
  }

  #container(id: string): FakeContainer {
    const container = this.containers.get(id);
    if (!container) throw new Error(`rpc error: code = NotFound desc = no container ${id}`);
    return container;
  }

  #nanoseconds(): bigint {
    return BigInt(this.clock.now()) * 1_000_000n;
  }
}

function hasLabels(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
