import type { NetworkInterfaceInfo } from 'node:os';
import { nodeAddressesIn } from './node-addresses';

const at = (...addresses: string[]): NetworkInterfaceInfo[] => addresses.map((address) => ({ address }) as NetworkInterfaceInfo);
const interfaces = { lo: at('127.0.0.1', '::1'), eth0: at('192.0.2.7', '2001:db8::7'), eth1: at('198.51.100.7', 'fe80::7') };

describe('addresses of a node for its node ports', () => {
  it.each<[string, readonly string[], readonly string[] | undefined]>([
    ['everywhere without ranges', [], undefined],
    ['those of one range', ['192.0.2.0/24'], ['192.0.2.7']],
    ['those of ranges of both families', ['2001:db8::/32', '198.51.100.0/24'], ['2001:db8::7', '198.51.100.7']],
    ['everywhere with a range of all', ['192.0.2.0/24', '::/0'], undefined],
    ['none of a link alone', ['fe80::/16'], []],
    ['none that is in no range', ['203.0.113.0/24'], []],
  ])('are %s', (_, ranges, expected) => expect(nodeAddressesIn(ranges, interfaces)).toEqual(expected));
});
