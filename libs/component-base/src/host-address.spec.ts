import type { NetworkInterfaceInfo } from 'node:os';
import { outsideAddress } from './host-address';

const at = (address: string, internal = false): NetworkInterfaceInfo[] => [{ address, netmask: '255.255.0.0', mac: '00:00:00:00:00:00', internal, cidr: `${address}/16`, family: 'IPv4' }];
const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
const near = (name: string): string => `${name}\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0`;
const far = (name: string): string => `${name}\t00000000\t01F01FAC\t0003\t0\t0\t0\t00000000\t0\t0\t0`;
const two = { lo: at('127.0.0.1', true), eth0: at('172.18.0.3'), eth1: at('172.31.240.5') };

it('the address of a machine is that of the interface with its default route', () => {
  expect(outsideAddress(two, [head, near('eth0'), far('eth1'), near('eth1')].join('\n'))).toBe('172.31.240.5');
  expect(outsideAddress(two, [head, far('eth0'), near('eth1')].join('\n'))).toBe('172.18.0.3');
});

it.each(['', head, [head, near('eth1')].join('\n'), [head, far('gone')].join('\n')])('without a default route it is the first, given the routes %j', (routes) => {
  expect(outsideAddress(two, routes)).toBe('172.18.0.3');
});

it('of IPv6 it is one that is good on more than one link', () => {
  const six = (address: string, scopeid: number): NetworkInterfaceInfo => ({ address, netmask: 'ffff:ffff:ffff:ffff::', mac: '00:00:00:00:00:00', internal: false, cidr: `${address}/64`, family: 'IPv6', scopeid });
  const interfaces = { eth0: [...at('172.18.0.3'), six('fe80::1', 2), six('fd00:18::3', 0)], eth1: [...at('172.31.240.5'), six('fe80::2', 3), six('fd00:31::5', 0)] };
  expect(outsideAddress(interfaces, far('eth1'), 'IPv6')).toBe('fd00:31::5');
  expect(outsideAddress({ eth0: [...at('172.18.0.3'), six('fe80::1', 2)] }, far('eth0'), 'IPv6')).toBeUndefined();
});

it('a machine that nobody reaches has none', () => {
  expect(outsideAddress({ lo: at('127.0.0.1', true) }, far('eth0'))).toBeUndefined();
});
