import type { corev1 } from '@navarch/api';
import { hasAffinity, type HostPort, type PodInfo } from './pod-info';
import { addResources, noResources, readResources, type Resources } from './resources';

/** A node and what is placed on it, kept incrementally. */
export class NodeInfo {
  #node!: corev1.Node;
  allocatable: Resources = noResources();
  allowedPods = 0;
  labels: Readonly<Record<string, string>> = {};
  taints: readonly corev1.Taint[] = [];
  /** Image name -> size in bytes. */
  images: ReadonlyMap<string, number> = new Map();
  readonly requested = noResources();
  readonly scored = noResources();
  readonly pods = new Map<string, PodInfo>();
  /** Those of `pods` that other pods may have to keep away from. */
  readonly podsWithRequiredAntiAffinity = new Set<PodInfo>();
  readonly podsWithAffinity = new Set<PodInfo>();
  /** How many pods of a controller are here. */
  readonly podsOfController = new Map<string, number>();
  readonly #ports = new Map<string, HostPort[]>();

  constructor(readonly name: string, node: corev1.Node) {
    this.node = node;
  }

  get node(): corev1.Node {
    return this.#node;
  }

  set node(node: corev1.Node) {
    this.#node = node;
    this.allocatable = readResources(node.status?.allocatable);
    this.allowedPods = Number(node.status?.allocatable?.['pods'] ?? 0);
    this.labels = node.metadata.labels ?? {};
    this.taints = node.spec?.taints ?? [];
    this.images = new Map((node.status?.images ?? []).flatMap((image) => (image.names ?? []).map((name) => [name, image.sizeBytes ?? 0] as const)));
  }

  addPod(pod: PodInfo): void {
    if (this.pods.has(pod.uid)) this.removePod(pod.uid);
    this.pods.set(pod.uid, pod);
    addResources(this.requested, pod.requests);
    addResources(this.scored, pod.scored);
    for (const port of pod.hostPorts) this.#ports.set(portKey(port), [...(this.#ports.get(portKey(port)) ?? []), port]);
    if (pod.controllerUid !== undefined) this.podsOfController.set(pod.controllerUid, (this.podsOfController.get(pod.controllerUid) ?? 0) + 1);
    if (pod.requiredAntiAffinity.length > 0) this.podsWithRequiredAntiAffinity.add(pod);
    if (hasAffinity(pod)) this.podsWithAffinity.add(pod);
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
    if (pod.controllerUid !== undefined) {
      const left = (this.podsOfController.get(pod.controllerUid) ?? 0) - 1;
      if (left > 0) this.podsOfController.set(pod.controllerUid, left);
      else this.podsOfController.delete(pod.controllerUid);
    }
    this.podsWithRequiredAntiAffinity.delete(pod);
    this.podsWithAffinity.delete(pod);
  }

  /** True if the port is free here: 0.0.0.0 collides with every address. */
  portIsFree(wanted: HostPort): boolean {
    return !(this.#ports.get(portKey(wanted)) ?? []).some((used) => used.ip === wanted.ip || used.ip === '0.0.0.0' || wanted.ip === '0.0.0.0');
  }
}

const portKey = (port: HostPort): string => `${port.protocol}/${port.port}`;
