/** Hands out the IPv4 addresses of a pod CIDR, the longest free one first, so that an address is not reused at once. */
export class PodAddresses {
  #first = 0;
  #size = 0;
  #next = 0;
  readonly #used = new Set<number>();

  constructor(cidr: string) {
    this.useCidr(cidr);
  }

  /**
   * From now on addresses come from this range; those handed out before stay valid.
   * @throws RangeError if it is not an IPv4 CIDR with room for a pod
   */
  useCidr(cidr: string): void {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
    const octets = match?.slice(1, 5).map(Number) ?? [];
    const bits = Number(match?.[5] ?? 99);
    if (octets.length !== 4 || octets.some((octet) => octet > 255) || bits > 30 || bits < 8) throw new RangeError(`not an IPv4 pod CIDR: ${cidr}`);
    const base = octets.reduce((sum, octet) => sum * 256 + octet, 0);
    const size = 2 ** (32 - bits);
    const first = Math.floor(base / size) * size;
    if (first === this.#first && size === this.#size) return;
    this.#first = first;
    this.#size = size;
    // .0 is the network, .1 the bridge of a real node.
    this.#next = 2;
  }

  /** A free address, or undefined when the range is used up. */
  allocate(): string | undefined {
    for (let tries = 0; tries < this.#size; tries++) {
      const offset = this.#next;
      this.#next = offset + 1 >= this.#size - 1 ? 2 : offset + 1;
      const address = this.#first + offset;
      if (offset < 2 || offset >= this.#size - 1 || this.#used.has(address)) continue;
      this.#used.add(address);
      return format(address);
    }
    return undefined;
  }

  /** Marks an address as in use: one that a state directory remembers. */
  claim(address: string): void {
    this.#used.add(parse(address));
  }

  release(address: string): void {
    this.#used.delete(parse(address));
  }
}

const format = (address: number): string => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
const parse = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
