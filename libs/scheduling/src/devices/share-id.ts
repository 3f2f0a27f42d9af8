import { createHash } from 'node:crypto';

/** Names one share of a device that several claims use: the same for the same share, another for any other. A UUID in form. */
export function shareIdOf(claimUid: string, request: string, device: string, ordinal: number): string {
  const hash = createHash('sha256').update(JSON.stringify([claimUid, request, device, ordinal])).digest('hex');
  return [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `8${hash.slice(17, 20)}`, hash.slice(20, 32)].join('-');
}
