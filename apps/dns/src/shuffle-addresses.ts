import { afterName, headerBytes } from './ttl-offsets';

/** Where in a message the addresses of one name and family stand, if there are several. */
export interface AddressSet {
  readonly bytes: 4 | 16;
  readonly offsets: readonly number[];
}

const classOfInternet = 1;
const addressBytes: Readonly<Record<number, 4 | 16>> = { 1: 4, 28: 16 };

/** The addresses that may change places; none of a message that cannot be read, which is passed on as it is. */
export function addressSets(message: Buffer): AddressSet[] {
  try {
    return [...setsOf(message).values()].filter(({ offsets }) => offsets.length > 1);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [];
  }
}

/** Each order is as likely as any other, so that clients who take the first address spread (CoreDNS, plugin/loadbalance). Records keep their places, as others may point into them. */
export function shuffle(message: Buffer, sets: readonly AddressSet[], random: () => number): void {
  for (const { bytes, offsets } of sets) {
    for (let last = offsets.length - 1; last > 0; last--) {
      const at = offsets[last] ?? 0;
      const other = offsets[Math.floor(random() * (last + 1))] ?? at;
      const moved = Buffer.from(message.subarray(at, at + bytes));
      message.copy(message, at, other, other + bytes);
      moved.copy(message, other);
    }
  }
}

function setsOf(message: Buffer): Map<string, { readonly bytes: 4 | 16; readonly offsets: number[] }> {
  const sets = new Map<string, { readonly bytes: 4 | 16; readonly offsets: number[] }>();
  const questions = message.readUInt16BE(4);
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  let at = headerBytes;
  for (let index = 0; index < questions; index++) at = afterName(message, at) + 4;
  for (let index = 0; index < records; index++) {
    const owner = at;
    at = afterName(message, at);
    const [type, inClass, length] = [message.readUInt16BE(at), message.readUInt16BE(at + 2), message.readUInt16BE(at + 8)];
    const bytes = addressBytes[type];
    if (bytes === length && inClass === classOfInternet && at + 10 + bytes <= message.length) {
      const key = `${type} ${nameAt(message, owner)}`;
      const set = sets.get(key) ?? { bytes, offsets: [] };
      set.offsets.push(at + 10);
      sets.set(key, set);
    }
    at += 10 + length;
  }
  return sets;
}

/** A name's bytes, through the pointers that shorten it; throws RangeError where they lead nowhere. */
function nameAt(message: Buffer, from: number): string {
  let name = '';
  let at = from;
  let limit = message.length;
  for (;;) {
    const length = message.readUInt8(at);
    if (length === 0) return name;
    if ((length & 0xc0) === 0xc0) {
      const to = message.readUInt16BE(at) & 0x3fff;
      // Pointers lead back (RFC 1035, 4.1.4): following others might never end.
      if (to >= limit || to >= at) throw new RangeError('a pointer in a name leads forward');
      limit = to + 1;
      at = to;
    } else {
      name += `${message.toString('latin1', at + 1, at + 1 + length).toLowerCase()}.`;
      at += length + 1;
    }
  }
}
