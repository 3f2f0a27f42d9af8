import { addressAt, formatIpRange, masked, offsetIn, parseIpRange, rangesOverlap as overlap, type IpRange } from '@navarch/apimachinery';

/** Parts in all, at most: of a wide IPv6 range the rest is not used. */
const mostBits = 24;

/** A range cut into equal parts, which are given out and taken back. */
export class CidrPool {
  readonly #range: IpRange;
  readonly #partBits: number;
  /** Parts in all. */
  readonly count: number;
  /** Since it was made. */
  allocations = 0;
  releases = 0;
  readonly #used = new Set<number>();
  #next = 0;

  /** @throws for a range that cannot be cut like that */
  constructor(range: string, partBits: number) {
    const parsed = range.includes('/') ? parseIpRange(range) : undefined;
    if (parsed === undefined || parsed.bits > partBits || partBits > parsed.address.length * 8 - 2) throw new Error(`"${range}" cannot be cut into /${partBits} parts`);
    this.#range = parsed;
    this.#partBits = partBits;
    this.count = 2 ** Math.min(partBits - parsed.bits, mostBits);
  }

  /** Marks a part as given; false if it is not one of ours. */
  occupy(part: string): boolean {
    const index = this.#indexOf(part);
    if (index === undefined) return false;
    this.#take(index);
    return true;
  }

  release(part: string): void {
    const index = this.#indexOf(part);
    if (index !== undefined && this.#used.delete(index)) this.releases++;
  }

  get used(): number {
    return this.#used.size;
  }

  #take(index: number): void {
    if (this.#used.has(index)) return;
    this.#used.add(index);
    this.allocations++;
  }

  /** Gives a part out, and tells how many were passed over for it; undefined when all are given. Parts that were taken back rest until the others have had their turn. */
  allocate(onTries: (tries: number) => void = () => undefined): string | undefined {
    for (let tried = 0; tried < this.count; tried++) {
      const index = (this.#next + tried) % this.count;
      if (this.#used.has(index)) continue;
      this.#take(index);
      onTries(tried);
      this.#next = (index + 1) % this.count;
      return this.#partAt(index);
    }
    return undefined;
  }

  get #partSize(): bigint {
    return 1n << BigInt(this.#range.address.length * 8 - this.#partBits);
  }

  #partAt(index: number): string {
    return formatIpRange({ address: addressAt(this.#range, BigInt(index) * this.#partSize), bits: this.#partBits });
  }

  #indexOf(part: string): number | undefined {
    const parsed = parseIpRange(part);
    if (parsed === undefined || parsed.bits !== this.#partBits || parsed.address.length !== this.#range.address.length) return undefined;
    const index = offsetIn(this.#range, masked(parsed.address, parsed.bits)) / this.#partSize;
    return index >= 0n && index < BigInt(this.count) && offsetIn(this.#range, parsed.address) >= 0n ? Number(index) : undefined;
  }
}

/** Whether two ranges share an address. */
export function rangesOverlap(a: string, b: string): boolean {
  const [first, second] = [parseIpRange(a), parseIpRange(b)];
  return first !== undefined && second !== undefined && overlap(first, second);
}
