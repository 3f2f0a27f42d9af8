import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { type Component, type Logger } from '@navarch/component-base';
import { podresourcesv1 } from '@navarch/proto';
import { RpcError, RpcServer, RpcStatus } from '@navarch/rpc';
import { type NamedDevice } from '../devices/device-table';
import { type ResourceClaims } from '../dra/resource-claims';
import { type KnownClaim } from '../dra/claim-table';
import { type MemoryBlock } from '../memory/memory-table';
import { containersOf, initContainersOf, isSidecar, nameOf, namespaceOf, uidOf } from '../pods/pod-spec';
import { type HeldResources } from '../topology/pod-placement';
import { type PodResourcesMetrics } from './pod-resources-metrics';

export interface PodResourcesDeps {
  readonly directory: string;
  readonly log: Logger;
  /** Pods that hold something of the node. */
  readonly pods: () => readonly corev1.Pod[];
  readonly devices: { readonly usable: readonly NamedDevice[]; heldBy(uid: string, container: string): readonly NamedDevice[] };
  readonly placement: { readonly allocatable: HeldResources; heldBy(uid: string, container: string): HeldResources };
  readonly claims: Pick<ResourceClaims, 'usedBy'>;
  readonly metrics: PodResourcesMetrics;
}

/** Tells agents of the node which processors, memory and devices each container has to itself: upstream's pod-resources API, v1. */
export class PodResourcesServer implements Component {
  readonly name = 'pod-resources';
  #server: RpcServer | undefined;

  constructor(private readonly deps: PodResourcesDeps) {}

  async start(): Promise<void> {
    const { directory, log, metrics, devices, placement, pods } = this.deps;
    // Whoever may look into this directory may ask.
    await mkdir(directory, { recursive: true, mode: 0o750 });
    const socket = join(directory, 'kubelet.sock');
    await rm(socket, { force: true });
    this.#server = new RpcServer({ address: `unix://${socket}` }, { log });
    this.#server.add(podresourcesv1.PodResourcesListerService, {
      list: () => metrics.counted('list', () => ({ podResources: pods().map((pod) => this.#resourcesOf(pod)) })),
      get: ({ podName, podNamespace }) => metrics.counted('get', () => {
        const pod = pods().find((each) => nameOf(each) === podName && namespaceOf(each) === podNamespace);
        if (!pod) throw new RpcError(RpcStatus.UNKNOWN, `pod ${podName} in namespace ${podNamespace} not found`);
        return { podResources: this.#resourcesOf(pod) };
      }),
      getAllocatableResources: () => metrics.counted('get_allocatable', () => ({
        devices: devices.usable.map(deviceMessage), cpuIds: placement.allocatable.cpus.map(BigInt), memory: placement.allocatable.memory.map(memoryMessage),
      })),
    });
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  /** Init containers that end are left out: what they have is passed on. */
  #resourcesOf(pod: corev1.Pod): podresourcesv1.PodResources {
    const containers = [...initContainersOf(pod).filter(isSidecar), ...containersOf(pod)].map((container) => {
      const { name } = container;
      const { cpus, memory } = this.deps.placement.heldBy(uidOf(pod), name);
      return {
        name,
        devices: this.deps.devices.heldBy(uidOf(pod), name).map(deviceMessage),
        cpuIds: cpus.map(BigInt),
        memory: memory.map(memoryMessage),
        dynamicResources: this.deps.claims.usedBy(pod, container).map(claimMessage),
      };
    });
    return { name: nameOf(pod), namespace: namespaceOf(pod), containers, cpuIds: [], memory: [] };
  }
}

function deviceMessage({ resource, id, numaNodes }: NamedDevice): podresourcesv1.ContainerDevices {
  return { resourceName: resource, deviceIds: [id], topology: numaNodes.length === 0 ? undefined : topologyOf(numaNodes) };
}

function claimMessage({ name, namespace, drivers }: KnownClaim): podresourcesv1.DynamicResource {
  const claimResources = [...drivers].flatMap(([driverName, devices]) =>
    devices.map(({ poolName, deviceName, shareId, cdiDeviceIds }) => ({
      driverName,
      poolName,
      deviceName,
      shareId,
      cdiDevices: cdiDeviceIds.map((id) => ({ name: id })),
    })),
  );
  return { claimName: name, claimNamespace: namespace, claimResources };
}

function memoryMessage({ type, size, numaAffinity }: MemoryBlock): podresourcesv1.ContainerMemory {
  return { memoryType: type, size: BigInt(size), topology: topologyOf(numaAffinity) };
}

function topologyOf(banks: readonly number[]): podresourcesv1.TopologyInfo {
  return { nodes: banks.map((bank) => ({ ID: BigInt(bank) })) };
}
