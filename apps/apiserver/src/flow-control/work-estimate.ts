/** The work that a request is expected to make, in seats. Mirrors staging/src/k8s.io/apiserver/pkg/util/flowcontrol/request. */
export interface WorkEstimate {
  /** While it runs. */
  readonly initialSeats: number;
  /** Afterwards, while its event goes out to watchers. */
  readonly finalSeats: number;
  readonly additionalLatencyMs: number;
}

/** It keeps the seats of its wider phase through both, as upstream. */
export const widthOf = ({ initialSeats, finalSeats }: WorkEstimate): number => Math.max(initialSeats, finalSeats);

/** What is known of a resource's objects. */
export interface ObjectStats {
  readonly count: number;
  /** Of all of them together. */
  readonly bytes: number;
}

/** What of a request says how much work it is. */
export interface RequestedWork {
  readonly verb: string;
  readonly subresource: string;
  readonly resource: string;
  /** Of one object, by path or field selector. */
  readonly name: string;
  /** 0 for no limit. */
  readonly limit: number;
  /** A watch that begins with all that there is. */
  readonly sendsInitialEvents: boolean;
}

const MAX_LIST_SEATS = 100;
const MAX_MUTATING_SEATS = 10;
const BYTES_PER_SEAT = 100_000;
/** What a list from the cache holds in memory at once, however long it is. */
const MAX_BYTES_AT_ONCE = 1_000_000;
const WATCHES_PER_SEAT = 10;
const EVENT_MS = 5;
const WRITES = new Set(['create', 'update', 'patch', 'delete']);

export const ONE_SEAT: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalLatencyMs: 0 };

const upTo = (limit: number, maximum: number): number => (maximum === 0 || maximum > limit ? limit : maximum);

/** Every list is served from the cache here; `stats` is undefined for what this server does not store. */
function listWork({ verb, name, limit, sendsInitialEvents }: RequestedWork, stats: ObjectStats | undefined, maximum: number): WorkEstimate {
  if (stats === undefined || stats.count === 0 || (verb === 'watch' && !sendsInitialEvents)) return ONE_SEAT;
  const objects = name !== '' ? 1 : limit > 0 ? Math.min(limit, stats.count) : stats.count;
  const bytes = Math.min((objects * stats.bytes) / stats.count, MAX_BYTES_AT_ONCE);
  return { ...ONE_SEAT, initialSeats: Math.min(Math.max(1, Math.ceil(bytes / BYTES_PER_SEAT)), upTo(MAX_LIST_SEATS, maximum)) };
}

/** Each watcher takes a tenth of a seat for some milliseconds; what is wider than it may be lasts longer. */
function writeWork(watchers: number, maximum: number): WorkEstimate {
  if (watchers < WATCHES_PER_SEAT) return ONE_SEAT;
  const seats = Math.ceil(watchers / WATCHES_PER_SEAT);
  const finalSeats = Math.min(seats, upTo(MAX_MUTATING_SEATS, maximum));
  return { initialSeats: 1, finalSeats, additionalLatencyMs: (seats * EVENT_MS) / finalSeats };
}

/** Whether a request's event goes to watchers. */
export const tellsWatchers = ({ verb, resource, subresource }: RequestedWork): boolean => WRITES.has(verb) && !(resource === 'serviceaccounts' && subresource === 'token');

/** @param maximum seats that the level lets one request take; 0 where it does not say */
export function estimateWork(work: RequestedWork, stats: ObjectStats | undefined, watchers: number, maximum: number): WorkEstimate {
  if (work.verb === 'list' || work.verb === 'watch') return listWork(work, stats, maximum);
  return tellsWatchers(work) ? writeWork(watchers, maximum) : ONE_SEAT;
}
