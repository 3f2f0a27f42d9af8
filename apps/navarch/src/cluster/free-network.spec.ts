import { chooseNetwork, routedNetworks } from './free-network';

describe('chooseNetwork', () => {
  const candidates = ['10.244.0.0/16', '10.245.0.0/16', '10.246.0.0/16'];

  it.each([
    { reason: 'nothing is routed', routes: ['default via 192.0.2.1 dev eth0', '192.0.2.0/24 dev eth0'], reserved: [], chosen: '10.244.0.0/16' },
    { reason: 'a route leads into the first', routes: ['10.244.3.0/24 via 172.30.1.11 dev navarch1'], reserved: [], chosen: '10.245.0.0/16' },
    { reason: 'a host route leads into the first', routes: ['10.244.3.7 dev wg0 scope link'], reserved: [], chosen: '10.245.0.0/16' },
    { reason: 'an address of this host is in the first', routes: ['local 10.244.0.1 dev br0 table local proto kernel'], reserved: [], chosen: '10.245.0.0/16' },
    { reason: 'a cluster that is down has the first', routes: [], reserved: ['10.244.0.0/16'], chosen: '10.245.0.0/16' },
    { reason: 'all are inside a wider route', routes: ['10.0.0.0/8 via 192.0.2.9 dev tun0', '10.244.1.0/24 dev x'], reserved: [], chosen: '10.245.0.0/16' },
    { reason: 'only one is outside a wider route', routes: ['10.244.0.0/15 via 192.0.2.9 dev tun0'], reserved: [], chosen: '10.246.0.0/16' },
    { reason: 'all are taken', routes: ['10.244.0.0/24 dev a', 'blackhole 10.245.0.0/16'], reserved: ['10.246.0.0/16'], chosen: undefined },
  ])('chooses $chosen when $reason', ({ routes, reserved, chosen }) => {
    expect(chooseNetwork(candidates, routedNetworks(routes.join('\n')), reserved)).toBe(chosen);
  });
});
