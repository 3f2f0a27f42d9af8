/** An IPv4 range cut into equal parts, which are given out and taken back. */
export class CidrPool {
  readonly #base: number;
  readonly #partBits: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 0;

  /** @throws for a range that cannot be cut like that */
  constructor(range: string, partBits: number) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(range);
    const bits = Number(match?.[5]);
    if (match === null || bits > partBits || partBits > 30) throw new Error(`"${range}" cannot be cut into /${partBits} parts`);
    const address = match.slice(1, 5).reduce((sum, octet) => sum * 256 + Number(octet), 0);
    this.#base = Math.floor(address / 2 ** (32 - bits)) * 2 ** (32 - bits);
    this.#partBits = partBits;
    this.#count = 2 ** (partBits - bits);
  }

  /** Marks a part as given; false if it is not one of ours. */
  occupy(part: string): boolean {
    const index = this.#indexOf(part);
    if (index === undefined) return false;
    this.#used.add(index);
    return true;
  }

  release(part: string): void {
    const index = this.#indexOf(part);
    if (index !== undefined) this.#used.delete(index);
  }

  /** Gives a part out; undefined when all are. Parts that were taken back rest until the others have had their turn. */
  allocate(): string | undefined {
    for (let tried = 0; tried < this.#count; tried++) {
      const index = (this.#next + tried) % this.#count;
      if (this.#used.has(index)) continue;
      this.#used.add(index);
      this.#next = (index + 1) % this.#count;
      return this.#partAt(index);
    }
    return undefined;
  }

  #partAt(index: number): string {
    const address = this.#base + index * 2 ** (32 - this.#partBits);
    return `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')}/${this.#partBits}`;
  }

  #indexOf(part: string): number | undefined {
    const [address = '', bits] = part.split('/');
    if (Number(bits) !== this.#partBits) return undefined;
    const offset = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0) - this.#base;
    const index = offset / 2 ** (32 - this.#partBits);
    return Number.isInteger(index) && index >= 0 && index < this.#count ? index : undefined;
  }
}

/** Whether two IPv4 ranges share an address. */
export function rangesOverlap(a: string, b: string): boolean {
  const [first, second] = [a, b].map((range) => {
    const [address = '', bits] = range.split('/');
    return { value: address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0), bits: Number(bits) };
  });
  if (first === undefined || second === undefined) return false;
  const size = 2 ** (32 - Math.min(first.bits, second.bits));
  return Math.floor(first.value / size) === Math.floor(second.value / size);
}
