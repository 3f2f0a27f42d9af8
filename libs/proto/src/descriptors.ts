import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** All contracts as a serialised FileDescriptorSet: what gRPC reflection answers from. */
export function readDescriptors(): Promise<Uint8Array> {
  return readFile(join(__dirname, '..', 'descriptors.binpb'));
}
