import { addressAt, familyOf, formatIpRange, offsetIn, parseIpRange, rangeSize, type IpFamily, type IpRange } from '@navarch/apimachinery';

/** The addresses of a range that load balancers may have: all but the first and the last. */
export class AddressPool {
  readonly family: IpFamily;
  readonly #range: IpRange;
  readonly #size: bigint;

  /** @throws when the range has no room for an address */
  constructor(readonly range: string) {
    const parsed = range.includes('/') ? parseIpRange(range) : undefined;
    if (parsed === undefined || rangeSize(parsed) < 4n) throw new Error(`${JSON.stringify(range)} is not a range of at least four addresses`);
    this.family = familyOf(range);
    this.#range = parsed;
    this.#size = rangeSize(parsed);
  }

  includes(address: string): boolean {
    const parsed = address.includes('/') ? undefined : parseIpRange(address)?.address;
    if (parsed?.length !== this.#range.address.length) return false;
    const offset = offsetIn(this.#range, parsed);
    return offset > 0n && offset < this.#size - 1n;
  }

  /** The lowest address that is not taken; `taken` are in their canonical form. */
  free(taken: ReadonlySet<string>): string | undefined {
    for (let offset = 1n; offset < this.#size - 1n; offset++) {
      const bytes = addressAt(this.#range, offset);
      const address = formatIpRange({ address: bytes, bits: bytes.length * 8 }).replace(/\/\d+$/, '');
      if (!taken.has(address)) return address;
    }
    return undefined;
  }
}

/** Ranges as a flag lists them, at most one of each family. @throws when that is not so */
export function addressPools(ranges: string): readonly AddressPool[] {
  const pools = ranges.split(',').map((range) => new AddressPool(range.trim()));
  if (new Set(pools.map(({ family }) => family)).size < pools.length) throw new Error(`${JSON.stringify(ranges)} has two ranges of one family`);
  return pools;
}
