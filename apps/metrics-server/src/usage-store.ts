import type { changev1 } from '@navarch/proto';

/** What a container or node uses now. */
export interface Usage {
  readonly cpuNanocores: number;
  readonly memoryBytes: number;
}

/** Usage over the time between two samples, as of the later one. */
export interface Measured<T> {
  readonly takenMs: number;
  readonly windowMs: number;
  readonly usage: T;
}

interface Pair {
  readonly last: changev1.UsageSample;
  readonly before: changev1.UsageSample | undefined;
}

/** A pod as its node tells of it. */
export interface ReportedPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface PodUsage extends ReportedPod {
  readonly uid: string;
  readonly containers: ReadonlyMap<string, Pair>;
}

interface NodeUsage {
  readonly receivedMs: number;
  readonly total: Pair | undefined;
  /** Containers of its pods, by `namespace/name`. */
  readonly pods: ReadonlyMap<string, PodUsage>;
}

/** A container younger than this is measured from its start, so that it need not wait for a second sample. */
const youngMs = 30_000;

/**
 * The last two samples of each node, which is all that a rate needs: the cost of a node does not grow with time. Counters that
 * began anew, as after a restart of the container, make no rate with those before.
 */
export class UsageStore {
  readonly #nodes = new Map<string, NodeUsage>();
  readonly #nodeOfPod = new Map<string, string>();

  /** What is older than `keptMs` says nothing about now. */
  constructor(private readonly now: () => number, private readonly keptMs: number) {}

  put(usage: changev1.Usage): void {
    const known = this.#nodes.get(usage.node);
    const pods = new Map(usage.pods.map(({ namespace, name, uid, labels, containers }): [string, PodUsage] => {
      const key = `${namespace}/${name}`;
      const earlier = known?.pods.get(key);
      const same = earlier?.uid === uid ? earlier.containers : undefined;
      return [
        key,
        {
          namespace,
          name,
          labels,
          uid,
          containers: new Map(
            containers.flatMap(({ name: container, sample }) => (sample === undefined ? [] : [[container, pair(sample, same?.get(container))]])),
          ),
        },
      ];
    }));
    for (const key of known?.pods.keys() ?? []) if (!pods.has(key) && this.#nodeOfPod.get(key) === usage.node) this.#nodeOfPod.delete(key);
    for (const key of pods.keys()) this.#nodeOfPod.set(key, usage.node);
    this.#nodes.set(usage.node, { receivedMs: this.now(), total: usage.total === undefined ? known?.total : pair(usage.total, known?.total), pods });
  }

  forgetNode(name: string): void {
    for (const key of this.#nodes.get(name)?.pods.keys() ?? []) if (this.#nodeOfPod.get(key) === name) this.#nodeOfPod.delete(key);
    this.#nodes.delete(name);
  }

  /** Nodes that have reported of late. */
  get nodes(): number {
    return [...this.#nodes.keys()].filter((name) => this.#fresh(name) !== undefined).length;
  }

  node(name: string): Measured<Usage> | undefined {
    const total = this.#fresh(name)?.total;
    return total && rate(total);
  }

  /** Pods of all nodes that have reported of late. */
  pods(): ReportedPod[] {
    return [...this.#nodes.keys()].flatMap((node) => [...(this.#fresh(node)?.pods ?? [])].filter(([key]) => this.#nodeOfPod.get(key) === node).map(([, pod]) => pod));
  }

  reportedPod(namespace: string, name: string): ReportedPod | undefined {
    const key = `${namespace}/${name}`;
    return this.#fresh(this.#nodeOfPod.get(key) ?? '')?.pods.get(key);
  }

  /** Usage by container; undefined until every container has been measured, as upstream has it. */
  pod(namespace: string, name: string): Measured<ReadonlyMap<string, Usage>> | undefined {
    const key = `${namespace}/${name}`;
    const containers = this.#fresh(this.#nodeOfPod.get(key) ?? '')?.pods.get(key)?.containers;
    if (containers === undefined || containers.size === 0) return undefined;
    const measured = [...containers].map(([container, samples]) => [container, rate(samples)] as const);
    const found = measured.flatMap(([container, one]) => (one === undefined ? [] : [[container, one] as const]));
    if (found.length < measured.length) return undefined;
    const earliest = found.map(([, one]) => one).reduce((a, b) => (a.takenMs <= b.takenMs ? a : b));
    return { takenMs: earliest.takenMs, windowMs: earliest.windowMs, usage: new Map(found.map(([container, { usage }]) => [container, usage])) };
  }

  #fresh(name: string): NodeUsage | undefined {
    const node = this.#nodes.get(name);
    return node !== undefined && this.now() - node.receivedMs <= this.keptMs ? node : undefined;
  }
}

function pair(sample: changev1.UsageSample, known: Pair | undefined): Pair {
  if (known === undefined) return { last: sample, before: undefined };
  // The same counters read twice, as when a message comes again.
  if (sample.takenUnixMs <= known.last.takenUnixMs) return known;
  const begunAnew = sample.startedUnixMs > known.last.startedUnixMs || sample.cpuUsageCoreNanoseconds < known.last.cpuUsageCoreNanoseconds;
  return { last: sample, before: begunAnew ? undefined : known.last };
}

function rate({ last, before }: Pair): Measured<Usage> | undefined {
  const takenMs = Number(last.takenUnixMs);
  const fromStart = before === undefined && takenMs - Number(last.startedUnixMs) <= youngMs;
  if (before === undefined && !fromStart) return undefined;
  const windowMs = takenMs - Number(before?.takenUnixMs ?? last.startedUnixMs);
  if (windowMs <= 0) return undefined;
  const nanoseconds = Number(last.cpuUsageCoreNanoseconds - (before?.cpuUsageCoreNanoseconds ?? 0n));
  return { takenMs, windowMs, usage: { cpuNanocores: Math.round((nanoseconds / windowMs) * 1000), memoryBytes: Number(last.memoryWorkingSetBytes) } };
}
