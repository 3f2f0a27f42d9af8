import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { hashOf } from './reloaded-file';

const COMPONENT = 'kube-apiserver';
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

function base32(bytes: Buffer): string {
  let text = '';
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  for (let at = 0; at < bits.length; at += 5) text += BASE32[Number.parseInt(bits.slice(at, at + 5).padEnd(5, '0'), 2)] ?? '';
  return text;
}

/** The name of the server on a host, as upstream's genericapiserver.NewConfig makes it: `apiserver-` and 26 letters and digits. */
export function apiserverId(host = hostname()): string {
  const digest = createHash('sha256');
  for (const part of [host, COMPONENT]) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(Buffer.byteLength(part));
    digest.update(length).update(part);
  }
  return `apiserver-${base32(digest.digest().subarray(0, 16))}`;
}

/** Tells the servers of a cluster apart in metrics, without naming them. */
export const serverIdHash = (): string => hashOf(apiserverId());
