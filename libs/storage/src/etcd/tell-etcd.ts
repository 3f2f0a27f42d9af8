import { type ICompare, type IRangeRequest, type IRangeResponse, type IRequestOp, type IResponseOp, type ITxnRequest, type ITxnResponse, type IWatchResponse } from 'etcd3';
import { isTapped, tellBoundary } from '@navarch/component-base';

/** What is said of a message: keys as text, values as lengths, so that nothing of an object is shown. */
type Description = Readonly<Record<string, unknown>>;

/** Tells whoever taps this process of a message to etcd (out) or from it (in). Costs a check when nobody does. */
export function tellEtcd(direction: 'in' | 'out', method: string, message: object): void {
  if (isTapped()) tellBoundary({ carrier: 'grpc', direction, what: method, message: () => describeEtcd(message) });
}

/** In the order of its fields; all of etcd's messages that a store sends or gets. */
function describeEtcd(message: object): Description {
  if ('create_request' in message) return { watch: rangeOf(message.create_request as IRangeRequest), from: number((message.create_request as { start_revision?: number | string }).start_revision) };
  if ('events' in message) return describeEvents(message as IWatchResponse);
  if ('success' in message || 'compare' in message) return describeTxn(message as ITxnRequest);
  if ('succeeded' in message) return describeTxnAnswer(message as ITxnResponse);
  if ('kvs' in message) return { ...revisionOf(message as IRangeResponse), ...describeKvs(message as IRangeResponse) };
  if ('key' in message) return describeRange(message as IRangeRequest);
  return message as Description;
}

/** Operations one by one; a group of writes is a transaction of transactions (rules 1.5). */
function describeTxn({ compare = [], success = [], failure = [] }: ITxnRequest): Description {
  return omitEmpty({ if: compare.map(describeCompare), then: success.map(describeOp), else: failure.map(describeOp) });
}

function describeCompare({ target, result, key, ...expected }: ICompare): string {
  const wanted = Object.values(expected).map(String).join(' ');
  return `${String(target)} of ${text(key ?? '')} ${String(result)} ${wanted}`;
}

function describeOp(op: IRequestOp): unknown {
  if (op.request_txn) return describeTxn(op.request_txn);
  if (op.request_put) return `put ${text(op.request_put.key ?? '')} (${Buffer.byteLength(op.request_put.value ?? '')} bytes)`;
  if (op.request_delete_range) return `delete ${rangeOf(op.request_delete_range)}`;
  return `get ${rangeOf(op.request_range ?? {})}`;
}

function describeTxnAnswer(answer: ITxnResponse): Description {
  return omitEmpty({ ...revisionOf(answer), succeeded: answer.succeeded, answers: answer.responses.map(describeAnswer) });
}

/** Only the field that was answered is there. */
function describeAnswer(answer: Partial<IResponseOp>): unknown {
  if (answer.response_txn) return describeTxnAnswer(answer.response_txn);
  if (answer.response_range) return describeKvs(answer.response_range);
  return answer.response_delete_range ? `deleted ${answer.response_delete_range.deleted}` : 'put';
}

function describeRange({ limit, revision, keys_only: keysOnly, count_only: countOnly, ...range }: IRangeRequest): Description {
  const set = (value: number | string | undefined): number | undefined => number(value) || undefined;
  return omitEmpty({ get: rangeOf(range), limit: set(limit), revision: set(revision), only: countOnly ? 'count' : keysOnly ? 'keys' : undefined });
}

function describeKvs({ kvs, count, more }: IRangeResponse): Description {
  return omitEmpty({ kvs: kvs.map(({ key, value, mod_revision: revision }) => `${text(key)} @${revision} (${value.length} bytes)`), count: number(count), more: more || undefined });
}

function describeEvents({ header, events, created, canceled, cancel_reason: why }: IWatchResponse): Description {
  return omitEmpty({
    revision: number(header.revision), created: created || undefined, canceled: canceled ? why : undefined,
    events: events.map(({ type, kv }) => `${type} ${text(kv.key)} @${kv.mod_revision} (${kv.value.length} bytes)`),
  });
}

/** `/registry/core/pods/…` of the range of that prefix, whose end says no more; `…` of all keys. */
function rangeOf({ key = '', range_end: end = '' }: { readonly key?: Buffer | string; readonly range_end?: Buffer | string }): string {
  return end.length === 0 ? text(key) : `${text(key)}…`;
}

const text = (bytes: Buffer | string): string => bytes.toString().replace('\0', '');
const number = (value: number | string | undefined): number => Number(value ?? 0);
/** The answer to an inner transaction has none. */
const revisionOf = ({ header }: { readonly header?: { readonly revision: string } | null }): Description => omitEmpty({ revision: number(header?.revision) || undefined });
const omitEmpty = (fields: Description): Description => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)));
