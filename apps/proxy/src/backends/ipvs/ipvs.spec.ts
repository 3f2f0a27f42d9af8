import { proxyv1 } from '@navarch/proto';
import { withDraining } from './draining';
import { asElement, ipvs } from './ipvs-data-plane';
import { readListed, takeOver, type Listed } from './listed-servers';
import { restoreLines, virtualServers, type VirtualServers } from './virtual-servers';

const port = (over: Partial<proxyv1.ServicePort> = {}): proxyv1.ServicePort => ({
  id: 'default/web:', protocol: proxyv1.Protocol.TCP, addresses: ['10.96.0.7'], port: 80, nodePort: 30080, endpoints: [{ address: '10.244.0.2', port: 8080 }, { address: '10.244.1.2', port: 8080 }],
  localEndpoints: [], internalLocal: false, externalLocal: false, affinitySeconds: 0, loadBalancerAddresses: [], loadBalancerSourceRanges: [], keptEndpoints: [], ...over,
});
const sync = (over: Partial<proxyv1.SyncRequest>): proxyv1.SyncRequest => ({ sequence: 1n, reset: false, upsert: [], remove: [], ...over });

/** The kernel, where the first endpoint has so many connections. */
const listed = (connections: number, protocol = 'TCP '): Listed => readListed(`${protocol} 10.96.0.7:80 rr\n  -> 10.244.0.2:8080              Masq    1      ${connections}          0\n`);

/** Programs that write down what they are told; `ip` knows one address, and nft the virtual servers of an earlier run. */
class Programs {
  readonly told: string[] = [];

  constructor(private readonly earlier = '') {}

  readonly run = (command: string, args: readonly string[], input = ''): Promise<string> => {
    this.told.push([command, ...args, input].join(' ').trim());
    if (command === 'ip' && args.includes('address')) return Promise.resolve('[{"ifname":"eth0","addr_info":[{"local":"172.30.1.11"}]}]');
    if (command === 'nft' && args[0] === 'list') return Promise.resolve(this.earlier === '' ? '' : 'table ip navarch-proxy-ipvs-nat\n');
    if (command === 'nft' && args.includes('virtual-servers')) return Promise.resolve(this.earlier);
    return Promise.resolve('');
  };
}

describe('virtual servers', () => {
  it('stand on the cluster IP and, for the node port, on each address of the node', () => {
    expect([...virtualServers([port()], ['172.30.1.11'], 'rr').keys()]).toEqual(['-t 10.96.0.7:80', '-t 172.30.1.11:30080']);
  });

  it('change by what differs', () => {
    const before = virtualServers([port({ nodePort: 0 })], [], 'rr');
    const after = virtualServers([port({ nodePort: 0, affinitySeconds: 60, endpoints: [{ address: '10.244.0.2', port: 8080 }, { address: '10.244.1.3', port: 8080 }] })], [], 'rr');
    expect(restoreLines(before, after)).toEqual(['-E -t 10.96.0.7:80 -s rr -p 60', '-a -t 10.96.0.7:80 -r 10.244.1.3:8080 -m -w 1', '-d -t 10.96.0.7:80 -r 10.244.1.2:8080']);
    expect(restoreLines(after, virtualServers([], [], 'rr'))).toEqual(['-D -t 10.96.0.7:80']);
  });

  it('write IPv6 addresses in brackets', () => {
    const v6 = virtualServers([port({ addresses: ['fd00:10:96::7'], nodePort: 0, endpoints: [{ address: 'fd00:10:244::2', port: 8080 }] })], [], 'rr');
    expect(restoreLines(new Map(), v6)).toEqual(['-A -t [fd00:10:96::7]:80 -s rr', '-a -t [fd00:10:96::7]:80 -r [fd00:10:244::2]:8080 -m -w 1']);
  });

  it('are none where there is no endpoint, and nobody who was connected to one', () => {
    const open = virtualServers([port({ nodePort: 0 })], [], 'rr');
    const closed = virtualServers([port({ nodePort: 0, endpoints: [] })], [], 'rr');
    expect(withDraining(new Map(), closed, new Map()).size).toBe(0);
    expect(withDraining(open, closed, listed(0)).size).toBe(0);
    expect(restoreLines(open, withDraining(open, closed, listed(3)))).toEqual(['-e -t 10.96.0.7:80 -r 10.244.0.2:8080 -m -w 0', '-d -t 10.96.0.7:80 -r 10.244.1.2:8080']);
  });

  it.each<[proxyv1.Protocol, string, boolean]>([[proxyv1.Protocol.TCP, 'TCP ', true], [proxyv1.Protocol.UDP, 'UDP ', false], [proxyv1.Protocol.SCTP, 'SCTP', false]])('wait for the end of connections: protocol %d (%s), %s', (protocol, name, waits) => {
    const [before, after] = [['10.244.0.2', '10.244.1.2'], ['10.244.1.2']].map((addresses) =>
      virtualServers([port({ protocol, nodePort: 0, endpoints: addresses.map((address) => ({ address, port: 8080 })) })], [], 'rr'),
    ) as [VirtualServers, VirtualServers];
    expect([...withDraining(before, after, listed(1, name)).values()]).toMatchObject([{ realServers: ['10.244.1.2:8080'], draining: waits ? ['10.244.0.2:8080'] : [] }]);
  });

  it('are read as ipvsadm lists them', () => {
    const text = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
FWM  7 rr
  -> 192.0.2.4:80                 Masq    1      0          0
TCP  [fd00:10:96::7]:80 sh persistent 10800
  -> [fd00:10:244::2]:8080        Masq    1      2          3
  -> [fd00:10:244::3]:8080        Masq    0      0          1
UDP  10.96.0.10:53 rr
`;
    expect([...takeOver(readListed(text), () => true)]).toEqual([
      ['-t [fd00:10:96::7]:80', { scheduler: 'sh', affinitySeconds: 10_800, realServers: ['[fd00:10:244::2]:8080'], draining: ['[fd00:10:244::3]:8080'] }],
      ['-u 10.96.0.10:53', { scheduler: 'rr', affinitySeconds: 0, realServers: [], draining: [] }],
    ]);
    expect(readListed(text).get('-t [fd00:10:96::7]:80')?.realServers.get('[fd00:10:244::2]:8080')?.connections).toBe(5);
    expect(takeOver(readListed(text), (name) => name.startsWith('-u')).size).toBe(1);
  });

  it.each([
    ['-t 10.96.0.7:80', '10.96.0.7 . tcp . 80'],
    ['-u 10.96.0.10:53', '10.96.0.10 . udp . 53'],
    ['--sctp-service 10.96.0.9:5', '10.96.0.9 . sctp . 5'],
    ['-t [fd00:10:96::7]:80', 'fd00:10:96::7 . tcp . 80'],
  ])('%s is written down as %s', (server, element) => {
    expect(asElement(server)).toBe(element);
  });
});

describe('the ipvs back end', () => {
  it('writes down what is its own before it tells ipvs', async () => {
    const programs = new Programs();
    await ipvs.create({ family: 'IPv4', clusterCidrs: ['10.244.0.0/16'], nodePortAddresses: undefined, run: programs.run }).sync(sync({ reset: true, upsert: [port()] }));
    const noted = programs.told.findIndex((line) => line.includes('set virtual-servers { type ipv4_addr . inet_proto . inet_service; elements = { 10.96.0.7 . tcp . 80, 172.30.1.11 . tcp . 30080 }; }'));
    const restored = programs.told.findIndex((line) => line.startsWith('ipvsadm --restore -A -t 10.96.0.7:80 -s rr'));
    expect(noted).toBeGreaterThan(0);
    expect(restored).toBeGreaterThan(noted);
  });

  it('takes away what an earlier run wrote down, and nothing else', async () => {
    const programs = new Programs('elements = { 10.96.0.9 . 6 . 443, 10.96.0.10 . 17 . 53 }');
    await ipvs.cleanUp(programs.run, 'IPv4');
    expect(programs.told.filter((line) => line.startsWith('ipvsadm'))).toEqual(['ipvsadm -D -t 10.96.0.9:443', 'ipvsadm -D -u 10.96.0.10:53']);
  });
});
