const octets = (address: string): number[] => address.split('.').map(Number);
const isIPv4 = (address: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(address) && octets(address).every((octet) => octet < 256);
const toNumber = (address: string): number => octets(address).reduce((sum, octet) => sum * 256 + octet, 0);
const toAddress = (number: number): string => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

/** The addresses of a range that load balancers may have: all but the first and the last. */
export class AddressPool {
  readonly #first: number;
  readonly #last: number;

  /** @throws when the range is no IPv4 range with room for an address */
  constructor(readonly range: string) {
    const [address = '', bits = ''] = range.split('/');
    const length = Number(bits);
    if (!isIPv4(address) || !/^\d+$/.test(bits) || length > 30) throw new Error(`${JSON.stringify(range)} is not an IPv4 range of at least four addresses`);
    const size = 2 ** (32 - length);
    const base = Math.floor(toNumber(address) / size) * size;
    this.#first = base + 1;
    this.#last = base + size - 2;
  }

  includes(address: string): boolean {
    return isIPv4(address) && toNumber(address) >= this.#first && toNumber(address) <= this.#last;
  }

  /** The lowest address that is not taken. */
  free(taken: ReadonlySet<string>): string | undefined {
    for (let number = this.#first; number <= this.#last; number++) {
      const address = toAddress(number);
      if (!taken.has(address)) return address;
    }
    return undefined;
  }
}
