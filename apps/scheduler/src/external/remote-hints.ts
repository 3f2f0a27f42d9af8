import type { schedulerv1 } from '@navarch/proto';
import type { ClusterEvent, PodInfo, QueueingHint } from '@navarch/scheduling';
import type { PodsHelped } from './external-plugin';
import { podBytes } from './remote-messages';

/** So many events, and pods, in one call, which a gRPC server takes unless told otherwise; what is beyond waits for the next. */
const mostEvents = 100;
const mostPods = 100;
/** When so many events wait for a plug-in that is slow, pods are not kept waiting for the next ones. */
const mostWaiting = 10 * mostEvents;

type Request = schedulerv1.QueueingHintRequest;

export interface HintCalls {
  readonly call: (request: Request) => Promise<schedulerv1.QueueingHintResponse>;
  /** Who is told of the pods that an event can help. */
  readonly helped: PodsHelped;
}

const bytesOf = (object: unknown): Buffer => (object === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(object)));

/**
 * Asks a plug-in in another process which of the pods that it refused events can help. The queue does not wait for that: pods stay where they are until the
 * answer comes. One call is under way at a time, and what happens meanwhile comes together in the next, so that many events do not make many calls.
 */
export class RemoteHints {
  readonly #pods = new Map<string, PodInfo>();
  readonly #events = new Map<ClusterEvent, Set<string>>();
  #isAsking = false;

  constructor(private readonly calls: HintCalls) {}

  /** As the queue asks: no, for now, unless too much waits for an answer already. */
  readonly hint: QueueingHint = (pod, event) => {
    const pods = this.#events.get(event) ?? new Set();
    if (pods.size === 0 && this.#events.size >= mostWaiting) return true;
    this.#pods.set(pod.uid, pod);
    this.#events.set(event, pods.add(pod.uid));
    if (!this.#isAsking) {
      this.#isAsking = true;
      // All pods are asked about in the same turn.
      queueMicrotask(() => void this.#ask());
    }
    return false;
  };

  async #ask(): Promise<void> {
    try {
      while (this.#events.size > 0) {
        const { events, uids } = this.#nextBatch();
        const helped = await this.#helpedOf(events, uids);
        for (const [event, pods] of events) this.calls.helped([...pods].filter((uid) => helped.has(uid)), event);
        this.#forgetPods();
      }
    } finally {
      this.#isAsking = false;
    }
  }

  /** Takes out what fits in a call. */
  #nextBatch(): { readonly events: readonly (readonly [ClusterEvent, ReadonlySet<string>])[]; readonly uids: ReadonlySet<string> } {
    const events: [ClusterEvent, Set<string>][] = [];
    const uids = new Set<string>();
    for (const [event, pods] of this.#events) {
      if (events.length === mostEvents) break;
      const taken = [...pods].filter((uid) => uids.has(uid) || (uids.size < mostPods && uids.add(uid)));
      if (taken.length === 0) continue;
      events.push([event, new Set(taken)]);
      for (const uid of taken) pods.delete(uid);
      if (pods.size === 0) this.#events.delete(event);
    }
    return { events, uids };
  }

  /** Those that no event is about any more. */
  #forgetPods(): void {
    const wanted = new Set([...this.#events.values()].flatMap((pods) => [...pods]));
    for (const uid of this.#pods.keys()) if (!wanted.has(uid)) this.#pods.delete(uid);
  }

  async #helpedOf(events: readonly (readonly [ClusterEvent, ReadonlySet<string>])[], uids: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const request: Request = {
      events: events.map(([{ name, before, after }, pods]) => ({ name, before: bytesOf(before), after: bytesOf(after), podUids: [...pods] })),
      pods: [...uids].flatMap((uid) => {
        const pod = this.#pods.get(uid);
        return pod === undefined ? [] : [podBytes(pod)];
      }),
    };
    try {
      return new Set((await this.calls.call(request)).helpedUids);
    } catch {
      // Metrics tell of the call. Whether the pods are helped nobody knows then, and they must not wait because of that.
      return uids;
    }
  }
}
