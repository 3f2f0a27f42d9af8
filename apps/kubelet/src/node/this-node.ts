import { type PressureCondition } from '../eviction/pressure';
import { type KubeletOptions } from '../kubelet-options';
import { type NodeSurroundings } from '../pods/node-surroundings';
import { type ContainerRuntime } from '../runtime';
import { type RuntimeState } from '../runtime/runtime-state';
import { inspectMachine, type Machine } from './machine';
import { declaredFeatures } from './declared-features';
import { nodeImages, type NodeFacts } from './node-object';
import { nodeResources, podsOn, type NodeResources } from './node-resources';

export interface ThisNodeDeps {
  readonly runtime: ContainerRuntime;
  readonly runtimeState: () => RuntimeState;
  /** Of control groups that pods are put into; undefined where the kubelet puts them into none. */
  readonly cgroupVersion: 1 | 2 | undefined;
  /** What device plug-ins add to the machine. */
  readonly extended: () => NodeResources;
  readonly volumesInUse: () => readonly string[];
  readonly pressure: () => readonly PressureCondition[];
}

/** What is known of the node: its machine, its runtime, and what of both pods may use. */
export class ThisNode {
  shuttingDown = false;
  runtimeName = 'containerd';
  #machine: Machine | undefined;
  #resources: NodeResources = { capacity: {}, allocatable: {} };
  #runtimeVersion = '';

  constructor(private readonly options: KubeletOptions, private readonly deps: ThisNodeDeps) {}

  /** Undefined before it was looked at. */
  get machine(): Machine | undefined {
    return this.#machine;
  }

  /** The machine's own resources; empty before it was looked at. */
  get resources(): NodeResources {
    return this.#resources;
  }

  get allocatable(): Readonly<Record<string, string>> {
    return this.#resources.allocatable;
  }

  /** Without the runtime's name. */
  get runtimeVersion(): string {
    return this.#runtimeVersion;
  }

  async inspect(): Promise<Machine> {
    this.#machine = await inspectMachine(this.options.rootDir);
    this.#resources = nodeResources(this.#machine, podsOn(this.#machine, this.options), this.options.reservations, this.options.isolatesLocalStorage);
    return this.#machine;
  }

  /** Asks the runtime who it is; rejects while it does not answer. */
  async meetRuntime(): Promise<void> {
    const { runtimeName, runtimeVersion } = await this.deps.runtime.version();
    this.runtimeName = runtimeName;
    this.#runtimeVersion = runtimeVersion;
  }

  /** What the node lends to every pod. */
  get surroundings(): NodeSurroundings {
    const { clusterDns, clusterDomain, hostDns, identity } = this.options;
    const { health: { networkError, runtimeError }, features } = this.deps.runtimeState();
    return {
      userNamespaces: features.userNamespaces, recursiveReadOnlyMounts: features.recursiveReadOnlyMounts,
      hostIPs: identity.addresses, allocatable: this.allocatable, memoryCapacity: this.#machine?.memoryBytes ?? 0, seccompDefault: this.options.seccompDefault, cpuQuota: this.options.cpuQuota,
      killsGroups: this.deps.cgroupVersion === 2 && !this.options.singleProcessOomKill,
      swap: { behavior: this.options.swapBehavior, capacity: this.#machine?.swap.bytes ?? 0, control: this.#machine?.swap.control },
      dns: { clusterDns, clusterDomain, host: hostDns }, networkError: networkError ?? runtimeError,
    };
  }

  /** What the Node object is to say; throws before the machine was looked at. */
  async facts(): Promise<NodeFacts> {
    if (!this.#machine) throw new Error('the machine has not been looked at yet');
    const { runtimeError, networkError } = this.deps.runtimeState().health;
    const notReady = [runtimeError, networkError, this.shuttingDown ? 'node is shutting down' : undefined].filter((error) => error !== undefined);
    const images = runtimeError === undefined ? nodeImages(await this.deps.runtime.listImages(), this.options.nodeStatusMaxImages) : [];
    const extended = this.deps.extended();
    return {
      machine: this.#machine, runtime: this.deps.runtimeState().features, images, volumesInUse: this.deps.volumesInUse(), pressure: this.deps.pressure(),
      declaredFeatures: declaredFeatures(this.options.placement.cpus.policy),
      resources: { capacity: { ...this.#resources.capacity, ...extended.capacity }, allocatable: { ...this.#resources.allocatable, ...extended.allocatable } },
      runtimeVersion: `${this.runtimeName}://${this.#runtimeVersion}`,
      notReady: notReady.length > 1 ? `[${notReady.join(', ')}]` : notReady[0] ?? '',
    };
  }
}
