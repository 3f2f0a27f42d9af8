import { sourceAddresses } from './source-addresses';

it.each([
  ['who sent it', {}, '192.0.2.1', ['192.0.2.1']],
  ['an IPv4 peer of a socket of both families', {}, '::ffff:192.0.2.1', ['192.0.2.1']],
  ['an IPv6 peer', {}, 'fd00::1', ['fd00::1']],
  ['proxies before the peer', { 'x-forwarded-for': '198.51.100.1, ::ffff:198.51.100.2,nonsense' }, '192.0.2.1', ['198.51.100.1', '198.51.100.2', '192.0.2.1']],
  ['what the last proxy says it is', { 'x-real-ip': '198.51.100.9' }, '192.0.2.1', ['198.51.100.9', '192.0.2.1']],
  ['each once, where headers agree', { 'x-forwarded-for': '198.51.100.1', 'x-real-ip': '198.51.100.1' }, '198.51.100.1', ['198.51.100.1']],
  ['nobody', {}, undefined, []],
])('tells %s', (_what, headers, peer, expected) => {
  expect(sourceAddresses(headers, peer)).toEqual(expected);
});
