import type { schedulerv1 } from '@navarch/proto';
import type { ClusterEvent, PodInfo, QueueingHint } from '@navarch/scheduling';
import type { PodsHelped } from './external-plugin';
import { podBytes } from './remote-messages';

/** So many events in one call; what is beyond waits for the next. */
const mostEvents = 100;

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
  #events = new Map<ClusterEvent, Set<string>>();
  #isAsking = false;

  constructor(private readonly calls: HintCalls) {}

  /** As the queue asks: no, for now. */
  readonly hint: QueueingHint = (pod, event) => {
    this.#pods.set(pod.uid, pod);
    const pods = this.#events.get(event) ?? new Set();
    this.#events.set(event, pods.add(pod.uid));
    if (!this.#isAsking) {
      this.#isAsking = true;
      // All pods are asked about in the same turn.
      queueMicrotask(() => void this.#ask());
    }
    return false;
  };

  async #ask(): Promise<void> {
    while (this.#events.size > 0) {
      const all = [...this.#events];
      const events = all.slice(0, mostEvents);
      this.#events = new Map(all.slice(mostEvents));
      const uids = new Set(events.flatMap(([, pods]) => [...pods]));
      const helped = await this.#helpedOf(events, uids);
      for (const [event, pods] of events) this.calls.helped([...pods].filter((uid) => helped.has(uid)), event);
    }
    this.#pods.clear();
    this.#isAsking = false;
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
