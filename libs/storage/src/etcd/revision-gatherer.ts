import { type IEvent, type IWatchResponse } from 'etcd3';
import { resourceVersionOf } from '../resource-version';
import { type StoreEvent } from '../types';
import { RevisionPositions } from '../value/revision-positions';
import { storedValue } from './transaction';

/** All events of one revision. */
export interface GatheredRevision {
  readonly revision: number;
  readonly events: readonly StoreEvent[];
}

/**
 * Puts watch responses together to whole revisions: etcd may send one revision in several fragments, and several
 * revisions in one response. One per stream, so that a cut in between drops the part (rules 2.1).
 */
export class RevisionGatherer {
  #events: IEvent[] = [];

  /** The revisions a response completes; none while fragments are missing. */
  add(response: Pick<IWatchResponse, 'events' | 'fragment'>): GatheredRevision[] {
    for (const event of response.events) this.#events.push(event);
    if (response.fragment) return [];
    const complete: GatheredRevision[] = [];
    let current: { revision: number; events: StoreEvent[]; positions: RevisionPositions } | undefined;
    for (const event of this.#events) {
      const revision = Number(event.kv.mod_revision);
      if (current?.revision !== revision) {
        current = { revision, events: [], positions: new RevisionPositions() };
        complete.push(current);
      }
      current.events.push(storeEvent(event, revision, current.positions));
    }
    this.#events = [];
    return complete;
  }
}

function storeEvent(event: IEvent, revision: number, positions: RevisionPositions): StoreEvent {
  if (event.type === 'Delete') {
    return { kind: 'delete', key: event.kv.key.toString(), resourceVersion: resourceVersionOf(revision, positions.delete()) };
  }
  const value = storedValue(event.kv);
  positions.put(value.resourceVersion - resourceVersionOf(revision, 0));
  return { kind: 'put', ...value };
}
