import { masquerades } from './masquerade';

describe('masquerades', () => {
  it.each([
    ['nft', 'table ip mine {\n  chain post {\n    ip saddr 10.0.0.0/24 oifname != "br0" masquerade\n  }\n}', true],
    ['iptables', '-P POSTROUTING ACCEPT\n-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE', true],
    ['nft that shows rules of iptables', '    oifname != "docker0" ip saddr 172.17.0.0/16 counter packets 0 bytes 0 xt target "MASQUERADE"', true],
    ['no rule', '', false],
    ['only chains', '-P PREROUTING ACCEPT\n-P POSTROUTING ACCEPT', false],
    ['a comment', '# masquerade is gone', false],
  ])('in what is listed: %s', (_, rules, expected) => expect(masquerades(rules)).toBe(expected));
});
