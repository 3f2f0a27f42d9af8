import { nodeResolvConf } from './node-resolver';

describe('a node\'s resolv.conf', () => {
  it.each([
    { reason: 'the host asks others', hosts: 'nameserver 192.0.2.53\nsearch example.test\n', upstreams: undefined, node: 'nameserver 192.0.2.53\nsearch example.test\n' },
    { reason: 'one of the host\'s servers is on its loopback', hosts: 'nameserver 127.0.0.1\nnameserver 192.0.2.53\noptions ndots:2\n', upstreams: undefined, node: 'nameserver 192.0.2.53\noptions ndots:2\n' },
    { reason: 'the host runs systemd-resolved', hosts: '# managed\nnameserver 127.0.0.53\noptions edns0\n', upstreams: 'nameserver 192.0.2.7\n', node: 'nameserver 192.0.2.7\noptions edns0\n' },
    { reason: 'the host runs a server of its own', hosts: 'nameserver 127.0.0.1\n', upstreams: undefined, node: 'nameserver 10.96.0.10\n' },
    { reason: 'the host has none', hosts: '', upstreams: undefined, node: 'nameserver 10.96.0.10\n' },
  ])('is of use there when $reason', ({ hosts, upstreams, node }) => {
    expect(nodeResolvConf(hosts, upstreams, '10.96.0.10')).toBe(node);
  });
});
