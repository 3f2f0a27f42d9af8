import { exactJsonText, type JsonObject, parseJsonBytes } from '@navarch/apimachinery';
import type { ListResult } from '../registry/list';

/** Bytes per write (rules 6.7): large enough to be cheap, small enough not to hold the thread or the socket's memory. */
export const STEP_BYTES = 1024 * 1024;

const END = Buffer.from(']}\n');

/** `{"kind":…,"apiVersion":…,"metadata":{…},"items":[` of a list. */
export function listHead(kind: string, apiVersion: string, list: Pick<ListResult, 'version' | 'continue' | 'remaining'>): Buffer {
  const metadata = {
    resourceVersion: String(list.version),
    ...(list.continue === '' ? {} : { continue: list.continue }),
    ...(list.remaining === undefined ? {} : { remainingItemCount: list.remaining }),
  };
  return Buffer.from(`{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`);
}

/** A list as its pieces: nothing is copied yet. */
export interface ListPieces {
  readonly head: Buffer;
  readonly items: readonly Buffer[];
  /** What each item begins with besides. */
  readonly opening: string;
}

/** Bytes of the whole list. */
export function listLength({ head, items, opening }: ListPieces): number {
  let length = head.length + END.length + Math.max(0, items.length - 1) + items.length * Buffer.byteLength(opening);
  for (const item of items) length += item.length;
  return length;
}

/**
 * Takes the kind off what objects of built-in kinds are in a list, as upstream's typed lists do not repeat it: what is left is the object
 * without its opening brace, which is to be the opening of the list's items.
 */
export function typeless(apiVersion: string, kind: string): (object: Buffer) => Buffer {
  const type = Buffer.from(`{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},`);
  return (object) => {
    if (object.compare(type, 0, type.length, 0, Math.min(type.length, object.length)) === 0) return object.subarray(type.length);
    const { apiVersion: _, kind: __, ...rest } = parseJsonBytes(object) as JsonObject;
    return Buffer.from(exactJsonText(rest)).subarray(1);
  };
}

/** Copies the pieces together in steps of about 1 MiB: a LIST is the concatenation of stored bytes. */
export function* listSteps({ head, items, opening }: ListPieces): Generator<Buffer> {
  const [first, next] = [Buffer.from(opening), Buffer.from(`,${opening}`)];
  let parts: Buffer[] = [head];
  let size = head.length;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (item === undefined) continue;
    const before = i > 0 ? next : first;
    parts.push(before, item);
    size += before.length + item.length;
    if (size >= STEP_BYTES) {
      yield Buffer.concat(parts, size);
      parts = [];
      size = 0;
    }
  }
  parts.push(END);
  yield Buffer.concat(parts, size + END.length);
}
