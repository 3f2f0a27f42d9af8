import { StoreError } from '../store-error';
import { type ResourceVersion } from '../types';

/** What every stored JSON begins with (rules 5.1): the version goes between the last two quotes. */
const storedHead = Buffer.from('{"metadata":{"resourceVersion":""');
/** From here on, stored and served bytes are the same: the version's closing quote. */
const tailStart = storedHead.length - 1;

/** The first bytes of every served object of a resource, up to where the version goes. */
export function servedHead(apiVersion: string, kind: string): Buffer {
  return Buffer.from(`{"apiVersion":${JSON.stringify(apiVersion)},"kind":${JSON.stringify(kind)},"metadata":{"resourceVersion":"`);
}

/** Where the metadata object begins in bytes with this head. */
export function metadataStart(head: Buffer): number {
  return head.lastIndexOf('{');
}

/**
 * Stored JSON as it is served: head, version, tail. A copy, so that nothing else is kept alive by it. What has no version, since it was
 * not stored (a dry run), has no such member, as in upstream, where it is `omitempty`.
 */
export function servedBytes(head: Buffer, version: ResourceVersion, json: Buffer): Buffer {
  const stored = json.compare(storedHead, 0, storedHead.length, 0, Math.min(storedHead.length, json.length)) === 0 ? json : inStoredForm(json);
  return version === 0 ? withoutVersion(head, stored) : join(head, version, stored, tailStart);
}

function withoutVersion(head: Buffer, stored: Buffer): Buffer {
  const rest = storedHead.length + (stored[storedHead.length] === 0x2c ? 1 : 0); // past the comma, if more follows
  return Buffer.concat([head.subarray(0, metadataStart(head) + 1), stored.subarray(rest)]);
}

/** Served bytes, which have a version, at another one. */
export function withServedVersion(head: Buffer, bytes: Buffer, version: ResourceVersion): Buffer {
  return join(head, version, bytes, bytes.indexOf('"', head.length));
}

/** Where the object that begins at `start` ends (exclusive), by counting braces outside of strings. */
export function objectEnd(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    switch (bytes[at]) {
      case 0x22: // a string: to its closing quote
        at = stringEnd(bytes, at);
        break;
      case 0x7b: // {
        depth++;
        break;
      case 0x7d: // }
        if (--depth === 0) return at + 1;
        break;
      default:
    }
  }
  throw new StoreError('invalid', 'unbalanced JSON');
}

function stringEnd(bytes: Buffer, quote: number): number {
  let end = bytes.indexOf(0x22, quote + 1);
  while (end >= 0) {
    let backslashes = 0;
    while (bytes[end - 1 - backslashes] === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
    end = bytes.indexOf(0x22, end + 1);
  }
  throw new StoreError('invalid', 'unbalanced JSON');
}

function join(head: Buffer, version: ResourceVersion, source: Buffer, from: number): Buffer {
  const digits = String(version);
  // Not from the shared pool: a small survivor would keep its dead neighbours.
  const bytes = Buffer.allocUnsafeSlow(head.length + digits.length + source.length - from);
  head.copy(bytes);
  bytes.write(digits, head.length, 'latin1');
  source.copy(bytes, head.length + digits.length, from);
  return bytes;
}

/** JSON that something else has written, brought into the form of ours. */
function inStoredForm(json: Buffer): Buffer {
  const object: unknown = JSON.parse(json.toString());
  if (!isRecord(object) || !isApiObject(object)) throw new StoreError('invalid', 'stored value is not an API object');
  const { metadata } = object;
  delete metadata['resourceVersion'];
  for (const ours of ['apiVersion', 'kind', 'metadata']) delete object[ours];
  // As text, because JSON.stringify puts keys that look like numbers first.
  return Buffer.from(`{"metadata":{"resourceVersion":""${members(metadata)}}${members(object)}}`);
}

/** The members of an object as JSON, each after a comma. */
function members(object: Record<string, unknown>): string {
  const text = JSON.stringify(object).slice(1, -1);
  return text === '' ? '' : `,${text}`;
}

function isApiObject(object: Record<string, unknown>): object is Record<string, unknown> & { metadata: Record<string, unknown> } {
  return isRecord(object['metadata']);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
