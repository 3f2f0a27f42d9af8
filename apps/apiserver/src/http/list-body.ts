import type { ListResult } from '../registry/list';

/** Bytes per write (rules 6.7): large enough to be cheap, small enough not to hold the thread or the socket's memory. */
export const STEP_BYTES = 1024 * 1024;

const COMMA = Buffer.from(',');
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
export function listLength(head: Buffer, items: readonly Buffer[]): number {
  let length = head.length + END.length + Math.max(0, items.length - 1);
  for (const item of items) length += item.length;
  return length;
}

/** Copies the pieces together in steps of about 1 MiB: a LIST is the concatenation of stored bytes. */
export function* listSteps(head: Buffer, items: readonly Buffer[]): Generator<Buffer> {
  let parts: Buffer[] = [head];
  let size = head.length;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (item === undefined) continue;
    if (i > 0) {
      parts.push(COMMA);
      size++;
    }
    parts.push(item);
    size += item.length;
    if (size >= STEP_BYTES) {
      yield Buffer.concat(parts, size);
      parts = [];
      size = 0;
    }
  }
  parts.push(END);
  yield Buffer.concat(parts, size + END.length);
}
