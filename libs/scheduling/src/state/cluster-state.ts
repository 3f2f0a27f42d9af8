import type { corev1 } from '@navarch/api';
import { AffinityTerms } from './affinity-terms';
import { noObjects, type ClusterObjects } from './cluster-objects';
import { NodeColumns } from './node-columns';
import { NodeInfo } from './node-info';
import { interleaveZones } from './node-order';
import { Nominations } from './nominations';
import { PodGangs } from './pod-gangs';
import { hasAffinity, isTerminal, podInfo, type PodInfo } from './pod-info';
import type { PodQuery } from './pod-query';
import { PodTallies, type PodTally } from './pod-tallies';
import { Reservations } from './reservations';
import { TopologyIndex } from './topology-index';

interface Placed {
  readonly node: string;
  readonly pod: PodInfo;
  readonly assumed: boolean;
}

/** What would be different. */
export interface Hypothesis {
  readonly without?: readonly PodInfo[];
  readonly with?: readonly PodInfo[];
}

/**
 * Nodes and the pods placed on them, kept level event by event. A scheduling cycle is synchronous, so it reads this directly:
 * nothing is copied. Pods whose node is not known (yet) are kept aside.
 */
export class ClusterState {
  readonly #nodes = new Map<string, NodeInfo>();
  /** In a stable order, for fair rotation; undefined when nodes came or went. */
  #list: readonly NodeInfo[] | undefined;
  readonly #freeSlots: number[] = [];
  #slots = 0;
  /** Where each placed pod is counted. */
  readonly #placed = new Map<string, Placed>();
  #assumed = 0;
  /** Goes up with every change of a node, or of what is placed on one. */
  #version = 0;
  /** Pods on nodes that are not known, by node. */
  readonly #homeless = new Map<string, Map<string, PodInfo>>();
  readonly #namespaceLabels = new Map<string, Readonly<Record<string, string>>>();
  readonly #topologies = new Map<string, TopologyIndex>();
  readonly #tallies = new PodTallies((namespace) => this.namespaceLabels(namespace));
  readonly #imageNodes = new Map<string, number>();
  /** Nodes that something keeps pods away from: mostly none, and then none need be asked. */
  readonly counts = { unschedulable: 0, hardTaints: 0, softTaints: 0 };
  /** Claims in use by placed pods: `namespace/name` -> how many. */
  readonly #claimUsers = new Map<string, number>();
  readonly columns = new NodeColumns();
  /** What placed pods want of others. */
  readonly affinityTerms = new AffinityTerms((key) => this.topology(key));
  readonly nominations = new Nominations();
  /** What decisions under way count on and the API does not show yet. */
  readonly reservations: Reservations;
  readonly gangs: PodGangs;

  constructor(readonly objects: ClusterObjects = noObjects) {
    this.reservations = new Reservations(objects);
    this.gangs = new PodGangs(objects);
  }

  /** Another one means that nodes, or pods on them, may be others; the placement of one pod makes it one more. */
  get version(): number {
    return this.#version;
  }

  get nodes(): readonly NodeInfo[] {
    return (this.#list ??= interleaveZones(this.#nodes.values()));
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  readonly namespaceLabels = (namespace: string): Readonly<Record<string, string>> => this.#namespaceLabels.get(namespace) ?? {};

  setNamespace(namespace: corev1.Namespace): void {
    this.#version += 1;
    this.#namespaceLabels.set(namespace.metadata.name ?? '', namespace.metadata.labels ?? {});
    this.#tallies.forgetNamespaceSelectors();
  }

  removeNamespace(name: string): void {
    this.#version += 1;
    this.#namespaceLabels.delete(name);
    this.#tallies.forgetNamespaceSelectors();
  }

  setNode(node: corev1.Node): void {
    this.#version += 1;
    const name = node.metadata.name ?? '';
    const known = this.#nodes.get(name);
    if (known === undefined) {
      this.#addNode(new NodeInfo(name, this.#freeSlots.pop() ?? this.#slots++, node, this.columns));
      return;
    }
    const zone = known.zone;
    this.#countFacts(known, -1);
    const [before, after] = [known.labels, node.metadata.labels ?? {}];
    if (sameLabels(before, after)) known.node = node;
    else {
      // Its pods are in other topology domains now.
      for (const pod of known.pods.values()) this.#index(pod, known, -1);
      for (const topology of this.#topologies.values()) topology.remove(known);
      known.node = node;
      for (const topology of this.#topologies.values()) topology.add(known);
      for (const pod of known.pods.values()) this.#index(pod, known, 1);
    }
    this.#countFacts(known, 1);
    if (known.zone !== zone) this.#list = undefined;
  }

  removeNode(name: string): void {
    this.#version += 1;
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    for (const pod of [...node.pods.values()]) {
      this.#take(pod, node);
      this.#shelter(pod, name);
    }
    for (const topology of this.#topologies.values()) topology.remove(node);
    this.#countFacts(node, -1);
    this.#nodes.delete(name);
    this.#freeSlots.push(node.slot);
    this.#list = undefined;
  }

  /** A pod as the API shows it: counted where it is bound, until it has ended. */
  setPod(pod: corev1.Pod): void {
    const uid = pod.metadata.uid ?? '';
    const node = pod.spec?.nodeName ?? '';
    if (isTerminal(pod)) {
      this.removePod(uid);
      return;
    }
    if (node !== '') this.#place(podInfo(pod), node, false);
  }

  removePod(uid: string): void {
    const placed = this.#placed.get(uid);
    if (placed === undefined) return;
    this.#placed.delete(uid);
    if (placed.assumed) this.#assumed -= 1;
    this.#countClaims(placed.pod, -1);
    const node = this.#nodes.get(placed.node);
    if (node === undefined) this.#homeless.get(placed.node)?.delete(uid);
    else this.#take(placed.pod, node);
  }

  /** Counts a pod on a node before its binding is confirmed. */
  assume(pod: PodInfo, node: string): void {
    this.#place(pod, node, true);
  }

  /** The binding failed. Does nothing if the API meanwhile showed the pod as bound. */
  forget(uid: string): void {
    if (this.#placed.get(uid)?.assumed === true) this.removePod(uid);
  }

  isPlaced(uid: string): boolean {
    return this.#placed.has(uid);
  }

  /** The pod as it is counted, and where. */
  placement(uid: string): Readonly<Placed> | undefined {
    return this.#placed.get(uid);
  }

  get placedPods(): number {
    return this.#placed.size;
  }

  /** Of those, the ones that the API does not show as bound yet. */
  get assumedPods(): number {
    return this.#assumed;
  }

  /** The domains of a topology key, kept level from now on. */
  topology(key: string): TopologyIndex {
    let index = this.#topologies.get(key);
    if (index === undefined) {
      index = new TopologyIndex(key);
      for (const node of this.#nodes.values()) index.add(node);
      this.#topologies.set(key, index);
    }
    return index;
  }

  /** How many placed pods a query finds, kept level from now on. */
  tally(query: PodQuery): PodTally {
    return this.#tallies.of(query, this.nodes);
  }

  /** How many nodes have an image. */
  nodesWithImage(image: string): number {
    return this.#imageNodes.get(image) ?? 0;
  }

  /** How many placed pods use a claim. */
  usersOfClaim(namespace: string, name: string): number {
    return this.#claimUsers.get(`${namespace}/${name}`) ?? 0;
  }

  /** What `ask` answers if some pods were not on the node, or others were; all is as before when it returns. */
  hypothetically<T>(node: NodeInfo, { without = [], with: added = [] }: Hypothesis, ask: () => T): T {
    const taken = without.filter(({ uid }) => node.pods.has(uid));
    for (const pod of taken) this.#change(pod, node, -1);
    for (const pod of added) this.#change(pod, node, 1);
    try {
      return ask();
    } finally {
      for (const pod of added) this.#change(pod, node, -1);
      for (const pod of taken) this.#change(pod, node, 1);
    }
  }

  #addNode(node: NodeInfo): void {
    this.#nodes.set(node.name, node);
    this.#list = undefined;
    for (const topology of this.#topologies.values()) topology.add(node);
    this.#countFacts(node, 1);
    for (const pod of this.#homeless.get(node.name)?.values() ?? []) this.#put(pod, node);
    this.#homeless.delete(node.name);
  }

  #place(pod: PodInfo, nodeName: string, assumed: boolean): void {
    this.removePod(pod.uid);
    this.#placed.set(pod.uid, { node: nodeName, pod, assumed });
    if (assumed) this.#assumed += 1;
    this.#countClaims(pod, 1);
    const node = this.#nodes.get(nodeName);
    if (node === undefined) this.#shelter(pod, nodeName);
    else this.#put(pod, node);
  }

  #shelter(pod: PodInfo, node: string): void {
    const pods = this.#homeless.get(node);
    if (pods === undefined) this.#homeless.set(node, new Map([[pod.uid, pod]]));
    else pods.set(pod.uid, pod);
  }

  #change(pod: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    this.#countClaims(pod, sign);
    if (sign === 1) this.#put(pod, node);
    else this.#take(pod, node);
  }

  #put(pod: PodInfo, node: NodeInfo): void {
    this.#version += 1;
    node.addPod(pod);
    this.#index(pod, node, 1);
  }

  #take(pod: PodInfo, node: NodeInfo): void {
    this.#version += 1;
    node.removePod(pod.uid);
    this.#index(pod, node, -1);
  }

  #index(pod: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    this.#tallies.count(pod, node, sign);
    if (hasAffinity(pod)) this.affinityTerms.count(pod, node, sign);
  }

  #countClaims({ claims, namespace }: PodInfo, sign: 1 | -1): void {
    for (const claim of claims) tally(this.#claimUsers, `${namespace}/${claim}`, sign);
  }

  #countFacts(node: NodeInfo, sign: 1 | -1): void {
    if (node.unschedulable) this.counts.unschedulable += sign;
    if (node.hardTaints.length > 0) this.counts.hardTaints += sign;
    if (node.softTaints.length > 0) this.counts.softTaints += sign;
    for (const image of node.images.keys()) tally(this.#imageNodes, image, sign);
  }
}

function tally(counts: Map<string, number>, key: string, sign: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + sign;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

