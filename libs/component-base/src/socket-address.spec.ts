import { hostPort, listenAddress, plainAddress } from './socket-address';

it.each([
  ['0.0.0.0', true, '::'], ['', true, '::'], ['0.0.0.0', false, '0.0.0.0'], ['', false, '0.0.0.0'],
  ['::', false, '::'], ['127.0.0.1', true, '127.0.0.1'], ['fd00::1', true, 'fd00::1'],
])('who is told %j, on a machine with IPv6: %s, listens on %s', (told, speaksIpv6, expected) => {
  expect(listenAddress(told, () => speaksIpv6)).toBe(expected);
});

it.each([['::ffff:192.0.2.1', '192.0.2.1'], ['::FFFF:192.0.2.1', '192.0.2.1'], ['192.0.2.1', '192.0.2.1'], ['::1', '::1'], ['fd00::ffff:1', 'fd00::ffff:1'], ['', '']])('the peer %j is %j', (address, plain) => {
  expect(plainAddress(address)).toBe(plain);
});

it.each([['192.0.2.1', '192.0.2.1:6443'], ['::', '[::]:6443'], ['localhost', 'localhost:6443']])('%s with a port is %s', (address, text) => {
  expect(hostPort(address, 6443)).toBe(text);
});
