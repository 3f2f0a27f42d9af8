import { type Clock, type Timer } from '@navarch/clock';
import { type Component, type Logger } from '@navarch/component-base';
import { type changev1 } from '@navarch/proto';

interface Counters {
  readonly startTime: string;
  readonly cpu?: { readonly time: string; readonly usageCoreNanoSeconds?: number };
  readonly memory?: { readonly workingSetBytes?: number };
}

/** The part of upstream's /stats/summary that is told to the metrics-server. */
export interface UsageSummary {
  readonly node: Counters;
  readonly pods: readonly { readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string }; readonly containers: readonly (Counters & { readonly name: string })[] }[];
}

export interface UsagePublisherDeps {
  readonly read: () => Promise<UsageSummary>;
  /** Labels of a pod of this node, by its UID. */
  readonly labelsOf: (uid: string) => Readonly<Record<string, string>>;
  /** Drops the message where there is no connection: the next one tells more. */
  readonly publish: (usage: changev1.Usage) => unknown;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
}

/** As often as upstream's kubelet looks after its containers. */
export const usageEveryMs = 10_000;

/** Tells over NATS what the node and its containers use; one message a node, whatever the number of those who listen. */
export class UsagePublisher implements Component {
  readonly name = 'usage-publisher';
  #timer: Timer | undefined;
  #stopped = false;
  #reading: Promise<void> | undefined;

  constructor(private readonly node: string, private readonly deps: UsagePublisherDeps) {}

  start(): Promise<void> {
    this.#next(0);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#reading;
  }

  #next(ms: number): void {
    if (this.#stopped) return;
    this.#timer = this.deps.clock.setTimeout(() => {
      this.#reading = this.#publish().finally(() => this.#next(usageEveryMs));
    }, ms);
  }

  async #publish(): Promise<void> {
    const { read, labelsOf, publish, clock, log } = this.deps;
    try {
      publish(usageOf(this.node, await read(), labelsOf, clock.now()));
    } catch (error) {
      log.warn({ err: error }, 'usage could not be read; it is read again');
    }
  }
}

/** Containers without counters yet are left out. */
export function usageOf(node: string, { node: total, pods }: UsageSummary, labelsOf: UsagePublisherDeps['labelsOf'], nowMs: number): changev1.Usage {
  const sample = ({ startTime, cpu, memory }: Counters): changev1.UsageSample | undefined => (cpu?.usageCoreNanoSeconds === undefined || memory?.workingSetBytes === undefined ? undefined : {
    takenUnixMs: BigInt(Date.parse(cpu.time) || nowMs), startedUnixMs: BigInt(Date.parse(startTime) || 0),
    cpuUsageCoreNanoseconds: BigInt(Math.round(cpu.usageCoreNanoSeconds)), memoryWorkingSetBytes: BigInt(Math.round(memory.workingSetBytes)),
  });
  return {
    node,
    // Its counters began with the machine, which nobody asks for: not at the kubelet's start, as the summary has it.
    total: sample({ ...total, startTime: '' }),
    pods: pods.map(({ podRef, containers }) => ({
      namespace: podRef.namespace, name: podRef.name, uid: podRef.uid, labels: { ...labelsOf(podRef.uid) },
      containers: containers.flatMap((container) => {
        const taken = sample(container);
        return taken === undefined ? [] : [{ name: container.name, sample: taken }];
      }),
    })),
  };
}
