import type { corev1 } from '@navarch/api';
import type { NodeColumns } from './node-columns';
import type { HostPort, PodInfo } from './pod-info';
import { addResources, noResources, podsIn, readResources, type Resources } from './resources';

const zoneLabel = 'topology.kubernetes.io/zone';
const regionLabel = 'topology.kubernetes.io/region';

/** A node and what is placed on it, kept incrementally. */
export class NodeInfo {
  #node!: corev1.Node;
  allocatable: Resources = noResources();
  allowedPods = 0;
  labels: Readonly<Record<string, string>> = {};
  unschedulable = false;
  /** Taints that keep pods away. */
  hardTaints: readonly corev1.Taint[] = [];
  /** Taints that make the node less liked. */
  softTaints: readonly corev1.Taint[] = [];
  /** Image name -> size in bytes. */
  images: ReadonlyMap<string, number> = new Map();
  readonly requested = noResources();
  readonly scored = noResources();
  readonly pods = new Map<string, PodInfo>();
  readonly #ports = new Map<string, HostPort[]>();

  /** @param slot a small number of its own, for what is kept in arrays */
  constructor(readonly name: string, readonly slot: number, node: corev1.Node, private readonly columns: NodeColumns) {
    this.node = node;
  }

  get node(): corev1.Node {
    return this.#node;
  }

  set node(node: corev1.Node) {
    this.#node = node;
    this.allocatable = readResources(node.status?.allocatable);
    this.allowedPods = podsIn(node.status?.allocatable);
    this.labels = node.metadata.labels ?? {};
    this.unschedulable = node.spec?.unschedulable === true;
    const taints = node.spec?.taints ?? [];
    this.hardTaints = taints.filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
    this.softTaints = taints.filter(({ effect }) => effect === 'PreferNoSchedule');
    this.images = new Map((node.status?.images ?? []).flatMap((image) => (image.names ?? []).map((name) => [name, image.sizeBytes ?? 0] as const)));
    this.columns.write(this);
  }

  /** Region and zone, or '' for a node in none. */
  get zone(): string {
    const [region = '', zone = ''] = [this.labels[regionLabel], this.labels[zoneLabel]];
    return region === '' && zone === '' ? '' : `${region}:${zone}`;
  }

  addPod(pod: PodInfo): void {
    if (this.pods.has(pod.uid)) this.removePod(pod.uid);
    this.pods.set(pod.uid, pod);
    addResources(this.requested, pod.requests);
    addResources(this.scored, pod.scored);
    for (const port of pod.hostPorts) this.#ports.set(portKey(port), [...(this.#ports.get(portKey(port)) ?? []), port]);
    this.columns.write(this);
  }

  removePod(uid: string): void {
    const pod = this.pods.get(uid);
    if (pod === undefined) return;
    this.pods.delete(uid);
    addResources(this.requested, pod.requests, -1);
    addResources(this.scored, pod.scored, -1);
    for (const port of pod.hostPorts) {
      const left = (this.#ports.get(portKey(port)) ?? []).filter((other) => other !== port);
      if (left.length > 0) this.#ports.set(portKey(port), left);
      else this.#ports.delete(portKey(port));
    }
    this.columns.write(this);
  }

  /** True if the port is free here: 0.0.0.0 collides with every address. */
  portIsFree(wanted: HostPort): boolean {
    return !(this.#ports.get(portKey(wanted)) ?? []).some((used) => portsConflict(used, wanted));
  }
}

const portKey = (port: HostPort): string => `${port.protocol}/${port.port}`;

/** Whether two claims of host ports cannot both be met on one node. */
export function portsConflict(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0');
}
