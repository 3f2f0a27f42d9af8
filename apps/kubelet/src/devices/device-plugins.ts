import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { type Logger } from '@navarch/component-base';
import { devicepluginv1beta1 } from '@navarch/proto';
import { connect, RpcError, RpcServer, RpcStatus, type RpcChannel, type ServiceClient } from '@navarch/rpc';
import { CheckpointFile } from '../checkpoint-file';
import { errorText } from '../error-text';
import { type KubeletMetrics } from '../kubelet-metrics';
import { type PluginHandler } from '../plugins/plugin-watcher';
import { PodRejectedError } from '../pods/action-error';
import { type Rejection } from '../pods/admit-pod';
import { containersOf, initContainersOf, isSidecar, uidOf } from '../pods/pod-spec';
import { wholeValue } from '../quantities';
import { unexpected, type HintProvider } from '../topology/hint-provider';
import { type ResourceHints, type TopologyHint } from '../topology/topology-hint';
import { containerKey, DeviceTable, type DeviceAnswer, type NamedDevice, type OldAllocations, type SavedAllocations } from './device-table';

type PluginClient = ServiceClient<typeof devicepluginv1beta1.DevicePluginService>;

interface Plugin {
  readonly endpoint: string;
  readonly channel: RpcChannel;
  readonly client: PluginClient;
  readonly stop: AbortController;
  readonly preStart: boolean;
  readonly preferred: boolean;
}

/** What a container gets of its devices. */
export interface DeviceSettings {
  readonly envs: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly mounts: readonly devicepluginv1beta1.Mount[];
  readonly devices: readonly devicepluginv1beta1.DeviceSpec[];
  readonly cdiDevices: readonly string[];
}

export interface DevicePluginsDeps {
  readonly directory: string;
  readonly log: Logger;
  /** The machine's memory banks. */
  readonly numaNodes: () => readonly number[];
  readonly metrics: Pick<KubeletMetrics, 'deviceRegistrations' | 'deviceAllocationSeconds'>;
  /** What the node can give has changed. */
  readonly onChange: () => void;
}

const version = 'v1beta1';
const checkpoint = 'kubelet_internal_checkpoint';

/** Extended resources of device plug-ins: who registers, which devices there are, and who has them. */
export class DevicePlugins implements PluginHandler, HintProvider {
  readonly #plugins = new Map<string, Plugin>();
  #table = new DeviceTable();
  #server: RpcServer | undefined;
  readonly #file: CheckpointFile;

  constructor(private readonly deps: DevicePluginsDeps) {
    this.#file = new CheckpointFile(join(deps.directory, checkpoint), deps.log);
  }

  /** Reads who had which devices, and lets plug-ins register. */
  async start(): Promise<void> {
    const { directory, log } = this.deps;
    await mkdir(directory, { recursive: true, mode: 0o750 });
    this.#table = new DeviceTable(await this.#file.read() as SavedAllocations | OldAllocations | undefined);
    const socket = join(directory, 'kubelet.sock');
    await rm(socket, { force: true });
    this.#server = new RpcServer({ address: `unix://${socket}` }, { log });
    this.#server.add(devicepluginv1beta1.RegistrationService, {
      register: async ({ endpoint, resourceName, version: spoken, options }) => {
        if (spoken !== version) throw new RpcError(RpcStatus.UNKNOWN, `requested API version ${JSON.stringify(spoken)} is not supported by kubelet. Supported version is ${version}`);
        await this.#add(resourceName, join(directory, endpoint), options);
        return {};
      },
    });
    await this.#server.start();
  }

  async stop(): Promise<void> {
    for (const resource of this.#plugins.keys()) this.#remove(resource);
    await this.#server?.stop();
    await this.#file.flush();
  }

  /** Plug-ins that come by the registration directory. */
  async register(name: string, endpoint: string, versions: readonly string[]): Promise<void> {
    if (!versions.includes(version)) throw new Error(`device plugin ${name} supports versions [${versions.join(' ')}], and this kubelet ${version}`);
    await this.#add(name, endpoint, undefined);
  }

  deregister(name: string): Promise<void> {
    this.#remove(name);
    return Promise.resolve();
  }

  /** Adds the extended resources to what a node has. */
  get amounts(): { readonly capacity: Record<string, string>; readonly allocatable: Record<string, string> } {
    const of = (count: (resource: string) => number): Record<string, string> => Object.fromEntries(this.#table.resources.map((resource) => [resource, String(count(resource))]));
    return { capacity: of((resource) => this.#table.capacity(resource)), allocatable: of((resource) => this.#table.allocatable(resource)) };
  }

  /** Devices that can be used. */
  get usable(): readonly NamedDevice[] {
    return this.#table.usable;
  }

  /** Devices of a container. */
  heldBy(uid: string, container: string): readonly NamedDevice[] {
    return this.#table.held(containerKey(uid, container));
  }

  /** How the devices of a container are, for its status. */
  healthOf(uid: string, container: string): corev1.ResourceStatus[] {
    return this.#table.health(containerKey(uid, container));
  }

  hints(pod: corev1.Pod, container: corev1.Container): ResourceHints {
    const key = containerKey(uidOf(pod), container.name);
    return this.#hintsFor(this.#wants(container), (resource) => this.#table.of(key).get(resource) ?? this.#usable(pod, container, resource));
  }

  podHints(pod: corev1.Pod): ResourceHints {
    const all = [...initContainersOf(pod), ...containersOf(pod)];
    const needed = new Map<string, number>();
    for (const resource of new Set(all.flatMap((container) => [...this.#wants(container).keys()]))) {
      const of = (container: corev1.Container): number => this.#wants(container).get(resource) ?? 0;
      const running = all.filter((container) => containersOf(pod).includes(container) || isSidecar(container)).reduce((sum, container) => sum + of(container), 0);
      needed.set(resource, Math.max(running, ...all.map(of)));
    }
    return this.#hintsFor(needed, (resource) => this.#table.available(resource));
  }

  /** Sets devices aside for a container of a pod that is about to begin; says why it cannot. */
  allocate(pod: corev1.Pod, container: corev1.Container, { affinity }: Pick<TopologyHint, 'affinity'>): Rejection | undefined {
    const key = containerKey(uidOf(pod), container.name);
    for (const [resource, needed] of this.#wants(container)) {
      if ((this.#table.of(key).get(resource)?.length ?? 0) >= needed) continue;
      const free = this.#usable(pod, container, resource);
      if (free.length < needed) return unexpected(`requested number of devices unavailable for ${resource}. Requested: ${needed}, Available: ${free.length}`);
      this.#table.take(key, resource, this.#table.inOrder(resource, free, affinity).slice(0, needed));
      this.#save();
    }
    return undefined;
  }

  /**
   * Asks the plug-ins how a pod's containers use what was set aside for them, before anything of the pod is made.
   * Throws PodRejectedError, as upstream's kubelet, which asks when it admits the pod.
   */
  async prepare(pod: corev1.Pod): Promise<void> {
    try {
      for (const { name } of [...initContainersOf(pod), ...containersOf(pod)]) {
        for (const resource of this.#table.of(containerKey(uidOf(pod), name)).keys()) await this.#answerOf(pod, name, resource);
      }
    } catch (error) {
      this.forgetPod(uidOf(pod));
      const { reason, message } = unexpected(errorText(error));
      throw new PodRejectedError(reason, message, { cause: error });
    }
  }

  /** How a container that is about to start uses what it was given; its plug-ins are told of the start where they want to be. */
  async settingsOf(pod: corev1.Pod, container: string): Promise<DeviceSettings> {
    const settings = {
      envs: {} as Record<string, string>,
      annotations: {} as Record<string, string>,
      mounts: [] as devicepluginv1beta1.Mount[],
      devices: [] as devicepluginv1beta1.DeviceSpec[],
      cdiDevices: [] as string[],
    };
    for (const [resource, ids] of this.#table.of(containerKey(uidOf(pod), container))) {
      const answer = await this.#answerOf(pod, container, resource);
      const plugin = this.#plugins.get(resource);
      // Nobody knows whether it wants to be told.
      if (!plugin) throw new Error(`endpoint not found in cache for a registered resource: ${resource}`);
      if (plugin.preStart) await plugin.client.preStartContainer({ devicesIds: [...ids] });
      Object.assign(settings.envs, answer.envs);
      Object.assign(settings.annotations, answer.annotations);
      settings.mounts.push(...answer.mounts);
      settings.devices.push(...answer.devices);
      settings.cdiDevices.push(...answer.cdiDevices.map(({ name }) => name));
    }
    return settings;
  }

  /** Asked once: the answer outlives restarts of the container and of the kubelet. */
  async #answerOf(pod: corev1.Pod, container: string, resource: string): Promise<DeviceAnswer> {
    const key = containerKey(uidOf(pod), container);
    const known = this.#table.answer(key, resource);
    if (known) return known;
    const plugin = this.#plugins.get(resource);
    if (!plugin) throw new Error(`no healthy devices present; cannot allocate unhealthy devices ${resource}`);
    const ids = await this.#preferred(plugin, resource, key, this.#table.of(key).get(resource) ?? []);
    const end = this.deps.metrics.deviceAllocationSeconds.startTimer({ resource_name: resource });
    const { containerResponses: [answer] } = await plugin.client.allocate({ containerRequests: [{ devicesIds: [...ids] }] }).finally(end);
    if (!answer) throw new Error(`no containers return in allocation response of ${resource}`);
    this.#table.take(key, resource, ids, answer);
    this.#save();
    return answer;
  }

  /** Gives a pod's devices back. */
  forgetPod(uid: string): void {
    if (this.#table.free(uid)) this.#save();
  }

  /** Gives back what pods had that are not here any more. */
  forgetAllBut(isWanted: (uid: string) => boolean): void {
    for (const uid of this.#table.pods) if (!isWanted(uid)) this.forgetPod(uid);
  }

  /** How many of which resource of some plug-in a container asks for. */
  #wants({ resources }: corev1.Container): Map<string, number> {
    return new Map(
      Object.entries(resources?.limits ?? {})
        .filter(([resource]) => this.#table.resources.includes(resource))
        .map(([resource, quantity]) => [resource, wholeValue(quantity)] as const)
        .filter(([, needed]) => needed > 0),
    );
  }

  #hintsFor(needed: ReadonlyMap<string, number>, usable: (resource: string) => readonly string[]): ResourceHints {
    return new Map([...needed].map(([resource, count]) => [resource, this.#table.hints(this.deps.numaNodes(), resource, count, usable(resource))]));
  }

  #usable(pod: corev1.Pod, container: corev1.Container, resource: string): readonly string[] {
    return [...this.#ofFinishedInit(pod, container, resource), ...this.#table.available(resource)];
  }

  /** An init container that has ended leaves its devices to those after it. */
  #ofFinishedInit(pod: corev1.Pod, container: corev1.Container, resource: string): string[] {
    if (initContainersOf(pod).includes(container)) return [];
    const used = new Set(containersOf(pod).flatMap(({ name }) => this.#table.of(containerKey(uidOf(pod), name)).get(resource) ?? []));
    return initContainersOf(pod).filter((init) => !isSidecar(init)).flatMap(({ name }) => this.#table.of(containerKey(uidOf(pod), name)).get(resource) ?? []).filter((id) => !used.has(id));
  }

  /** The plug-in's own choice among what is free, once, before the devices are used. */
  async #preferred(plugin: Plugin, resource: string, key: string, given: readonly string[]): Promise<readonly string[]> {
    if (!plugin.preferred) return given;
    const available = [...given, ...this.#table.asCloseAs(resource, given, this.#table.available(resource))];
    const {
      containerResponses: [answer],
    } = await plugin.client.getPreferredAllocation({
      containerRequests: [{ availableDeviceIDs: available, mustIncludeDeviceIDs: [], allocationSize: given.length }],
    });
    const wanted = answer?.deviceIDs ?? [];
    // What was free may have been taken while the plug-in thought about it.
    const now = new Set([...given, ...this.#table.available(resource)]);
    if (wanted.length !== given.length || !wanted.every((id) => now.has(id))) return given;
    this.#table.take(key, resource, wanted);
    this.#save();
    return wanted;
  }

  async #add(resource: string, endpoint: string, options: devicepluginv1beta1.DevicePluginOptions | undefined): Promise<void> {
    if (!/^[^/]+\.[^/]+\/[^/]+$/.test(resource)) throw new RpcError(RpcStatus.UNKNOWN, `the ResourceName ${JSON.stringify(resource)} is invalid`);
    this.#remove(resource);
    const channel = connect({ address: `unix://${endpoint}` });
    const client = channel.client(devicepluginv1beta1.DevicePluginService);
    const { preStartRequired, getPreferredAllocationAvailable } = options ?? await client.getDevicePluginOptions({});
    const plugin: Plugin = { endpoint, channel, client, stop: new AbortController(), preStart: preStartRequired, preferred: getPreferredAllocationAvailable };
    this.#plugins.set(resource, plugin);
    this.deps.metrics.deviceRegistrations.inc({ resource_name: resource });
    this.#follow(resource, plugin).catch((error: unknown) => this.deps.log.error({ err: error, resource }, 'device plug-in could not be followed'));
  }

  async #follow(resource: string, plugin: Plugin): Promise<void> {
    const { log, onChange } = this.deps;
    try {
      for await (const { devices } of plugin.client.listAndWatch({}, { signal: plugin.stop.signal })) {
        this.#table.set(resource, devices.map(({ ID: id, health, topology }) => ({ id, healthy: health === 'Healthy', numaNodes: (topology?.nodes ?? []).map((node) => Number(node.ID)) })));
        onChange();
      }
    } catch (error) {
      if (!plugin.stop.signal.aborted) log.info({ err: errorText(error), resource }, 'device plug-in is gone');
    }
    if (this.#plugins.get(resource) === plugin) this.#remove(resource);
  }

  #remove(resource: string): void {
    const plugin = this.#plugins.get(resource);
    if (!plugin) return;
    this.#plugins.delete(resource);
    plugin.stop.abort(new Error('the device plug-in is not needed any more'));
    plugin.channel.close();
    this.#table.drop(resource);
    this.deps.onChange();
  }

  #save(): void {
    this.#file.save(() => this.#table.allocations);
  }
}
