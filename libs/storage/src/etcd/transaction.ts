import { type IKeyValue, type IRequestOp, type IResponseOp, type ITxnRequest, type ITxnResponse } from 'etcd3';
import { resourceVersionOf } from '../resource-version';
import { StoreError } from '../store-error';
import { type StoredValue, type Write, type WriteOp, type WriteOutcome } from '../types';
import { noTransformer } from '../seal/transformer';
import { RevisionPositions } from '../value/revision-positions';
import { decodeValue, encodeValue } from '../value/value-header';

/**
 * The child of one write (rules 1.5): compares, puts and deletes, and Ranges of the same keys for the loser.
 * `firstPosition` is the index of its first operation in the flattened group.
 */
export function childRequest(write: Write, firstPosition: number): ITxnRequest {
  const keys = write.ops.map((op) => Buffer.from(op.key));
  return {
    compare: write.ops.map((op, index) => ({ result: 'Equal', target: 'Mod', key: keys[index] ?? Buffer.alloc(0), mod_revision: op.expectedModRevision })),
    success: write.ops.map((op, index) => successRequest(op, keys[index] ?? Buffer.alloc(0), firstPosition + index)),
    failure: keys.map((key) => ({ request_range: { key } })),
  };
}

/**
 * etcd measures a transaction against its space quota by its direct puts only, so that nested ones would fill the
 * disk unseen. This put makes it look, and deletes go without it, as they must when space is out. It stands where it is never carried out, under a key no write uses.
 */
const quotaProbe: IRequestOp = { request_put: { key: Buffer.from('/navarch/quota-probe'), value: Buffer.from([0]) } };

/** All writes as nested transactions of one outer one, which itself compares nothing, and so never fails. */
export function groupRequest(writes: readonly Write[]): ITxnRequest {
  let position = 0;
  const success: IRequestOp[] = writes.map((write) => {
    const child = childRequest(write, position);
    position += write.ops.length;
    return { request_txn: child };
  });
  const grows = writes.some(({ ops }) => ops.some(({ kind }) => kind === 'put'));
  return grows ? { success, failure: [quotaProbe] } : { success };
}

/** Outcomes of a group, by the answers of its children. */
export function groupOutcomes(writes: readonly Write[], response: ITxnResponse): WriteOutcome[] {
  return outcomesOf(writes, response.responses.map((child) => child.response_txn), Number(response.header.revision));
}

/** Outcome of a write of one key that was sent as a transaction of its own. */
export function singleOutcome(write: Write, response: ITxnResponse): WriteOutcome {
  // kine says of a key that it never had that it is deleted; only the count says that there was none.
  const nothingThere = response.succeeded && write.ops[0]?.kind === 'delete' && response.responses[0]?.response_delete_range.deleted === '0';
  const [outcome] = outcomesOf([write], [response], Number(response.header.revision));
  return outcome === undefined || nothingThere ? { ok: false, current: [undefined] } : outcome;
}

/** A key-value pair of etcd as a StoredValue. */
export function storedValue(kv: IKeyValue): StoredValue {
  const modRevision = Number(kv.mod_revision);
  const { position, schemaGeneration, json, sealedBy } = decodeValue(kv.value);
  const value = { key: kv.key.toString(), resourceVersion: resourceVersionOf(modRevision, position), modRevision, json, schemaGeneration };
  return sealedBy === undefined ? value : { ...value, sealedBy, unreadable: noTransformer };
}

function outcomesOf(writes: readonly Write[], children: readonly Pick<ITxnResponse, 'succeeded' | 'responses'>[], modRevision: number): WriteOutcome[] {
  const positions = new RevisionPositions();
  let flattened = 0;
  return writes.map((write, index) => {
    const first = flattened;
    flattened += write.ops.length;
    const child = children[index];
    if (!child) throw new StoreError('timeout', 'etcd answered fewer transactions than were sent');
    if (!child.succeeded) return { ok: false, current: child.responses.map(currentValue) };
    const resourceVersions = write.ops.map((op, offset) =>
      resourceVersionOf(modRevision, op.kind === 'put' ? positions.put(first + offset) : positions.delete()));
    return { ok: true, resourceVersions, modRevision };
  });
}

function successRequest(op: WriteOp, key: Buffer, position: number): IRequestOp {
  if (op.kind === 'delete') return { request_delete_range: { key } };
  const value = encodeValue(position, op.schemaGeneration ?? 0, op.json, op.sealedBy);
  return { request_put: op.leaseId === undefined ? { key, value } : { key, value, lease: op.leaseId } };
}

function currentValue(response: IResponseOp): StoredValue | undefined {
  const kv = response.response_range.kvs[0];
  return kv && storedValue(kv);
}
