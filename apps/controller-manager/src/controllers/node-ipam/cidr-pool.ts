import { addressAt, formatIpRange, offsetIn, parseIpRange, rangesOverlap as overlap, type IpRange } from '@navarch/apimachinery';

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
  /** Who holds a part: itself, or ranges of other sizes that share addresses with it. */
  readonly #used = new Map<number, Set<string>>();
  #next = 0;

  /** @throws for a range that cannot be cut like that */
  constructor(range: string, partBits: number) {
    const parsed = range.includes('/') ? parseIpRange(range) : undefined;
    if (parsed === undefined || parsed.bits > partBits || partBits > parsed.address.length * 8 - 2) throw new Error(`"${range}" cannot be cut into /${partBits} parts`);
    this.#range = parsed;
    this.#partBits = partBits;
    this.count = 2 ** Math.min(partBits - parsed.bits, mostBits);
  }

  /** Marks a range as given, with all parts that it has a share of; false if it has none of ours. */
  occupy(range: string): boolean {
    const indexes = this.#indexesOf(range);
    for (const index of indexes) this.#take(index, range);
    return indexes.length > 0;
  }

  release(range: string): void {
    for (const index of this.#indexesOf(range)) {
      const holders = this.#used.get(index);
      if (holders?.delete(range) !== true || holders.size > 0) continue;
      this.#used.delete(index);
      this.releases++;
    }
  }

  get used(): number {
    return this.#used.size;
  }

  #take(index: number, holder: string): void {
    const holders = this.#used.get(index);
    if (holders !== undefined) return void holders.add(holder);
    this.#used.set(index, new Set([holder]));
    this.allocations++;
  }

  /** Gives a part out, and tells how many were passed over for it; undefined when all are given. Parts that were taken back rest until the others have had their turn. */
  allocate(onTries: (tries: number) => void = () => undefined): string | undefined {
    for (let tried = 0; tried < this.count; tried++) {
      const index = (this.#next + tried) % this.count;
      if (this.#used.has(index)) continue;
      const part = this.#partAt(index);
      this.#take(index, part);
      onTries(tried);
      this.#next = (index + 1) % this.count;
      return part;
    }
    return undefined;
  }

  get #partSize(): bigint {
    return 1n << BigInt(this.#range.address.length * 8 - this.#partBits);
  }

  #partAt(index: number): string {
    return formatIpRange({ address: addressAt(this.#range, BigInt(index) * this.#partSize), bits: this.#partBits });
  }

  #indexesOf(text: string): number[] {
    const range = parseIpRange(text);
    if (range === undefined || !overlap(this.#range, range)) return [];
    const addresses = 1n << BigInt(range.address.length * 8 - range.bits);
    const start = offsetIn(this.#range, range.address);
    const first = start < 0n ? 0 : Number(start / this.#partSize);
    const last = Math.min(Number((start + addresses - 1n) / this.#partSize), this.count - 1);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  }
}

/** Whether two ranges share an address. */
export function rangesOverlap(a: string, b: string): boolean {
  const [first, second] = [parseIpRange(a), parseIpRange(b)];
  return first !== undefined && second !== undefined && overlap(first, second);
}
