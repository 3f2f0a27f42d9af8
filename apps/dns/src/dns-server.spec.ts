import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { once } from 'node:events';
import { silentLogger, watchBoundary } from '@navarch/component-base';
import { decode, encode, type Packet } from 'dns-packet';
import { assert, asyncProperty, integer, uint8Array } from 'fast-check';
import { Registry } from 'prom-client';
import { DnsMetrics } from './dns-metrics';
import { DnsServer } from './dns-server';
import { ClusterRecords, type ClusterView } from './cluster-records';
import { Resolver } from './resolver';

const names = { web: '10.96.0.7', pair: '10.96.0.1,10.96.0.2' } as Record<string, string>;
let version = 0;
let chance = 0.9;
const many = Array.from({ length: 100 }, (_, index) => `10.96.1.${index}`);
const view: ClusterView = {
  service: (namespace, name) => {
    const addresses = name === 'big' ? many : names[name]?.split(',');
    return addresses === undefined ? undefined : { metadata: { namespace, name }, spec: { clusterIP: addresses[0] ?? '', clusterIPs: addresses } };
  },
  slices: () => [], namespaceExists: (name) => name === 'default', serviceByAddress: () => undefined, slicesByAddress: () => [],
};
const query = (name: string, over: Partial<Packet> = {}): Packet => ({ type: 'query', id: 7, flags: 0x0100, questions: [{ type: 'A', name }], ...over });
const edns = (udpPayloadSize: number, ednsVersion = 0): Partial<Packet> => ({
  additionals: [{ type: 'OPT', name: '.', udpPayloadSize, ednsVersion, extendedRcode: 0, flags: 0, flag_do: false, options: [] }] as unknown as NonNullable<
    Packet['additionals']
  >,
});

describe('DnsServer', () => {
  let server: DnsServer;
  let forwarded: string[];
  let registry: Registry;

  beforeEach(async () => {
    forwarded = [];
    registry = new Registry();
    const records = new ClusterRecords({ domain: 'cluster.local', ttlSeconds: 30, serverAddress: '10.96.0.10' }, view);
    const forwarder = {
      forward: (_raw: Buffer, { questions = [] }: Packet) => (
        forwarded.push(questions[0]?.name ?? ''),
        questions[0]?.name === 'broken.example' ? Promise.reject(new Error('a fault of ours')) : Promise.resolve(undefined)
      ),
      lookup: () => Promise.resolve(undefined),
    };
    const resolver = new Resolver({ negativeTtlSeconds: 5 }, { records, forwarder });
    server = new DnsServer({ address: '127.0.0.1', port: 0 }, { resolver, metrics: new DnsMetrics(registry), log: silentLogger, version: () => version, random: () => chance });
    await server.start();
  });
  afterEach(() => server.stop());

  const send = async (message: Uint8Array): Promise<Buffer> => {
    const socket = createSocket('udp4');
    socket.connect(server.port, '127.0.0.1', () => socket.send(message));
    const [answer] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    return answer;
  };
  const ask = async (packet: Packet): Promise<Packet> => decode(await send(encode(packet)));

  it('tells "no such name" from "no such record", each with how long that holds', async () => {
    const [missing, other] = [await ask(query('nope.default.svc.cluster.local')), await ask(query('web.default.svc.cluster.local', { questions: [{ type: 'AAAA', name: 'web.default.svc.cluster.local' }] }))];
    expect([missing.flags ?? 0, other.flags ?? 0].map((flags) => flags & 0xf)).toEqual([3, 0]);
    for (const { authorities } of [missing, other]) expect(authorities).toEqual([expect.objectContaining({ type: 'SOA', name: 'cluster.local', data: expect.objectContaining({ minimum: 5 }) as unknown })]);
  });

  it('answers anew when the cluster has changed', async () => {
    const addresses = async (): Promise<unknown> => (await ask(query('web.default.svc.cluster.local'))).answers?.map((record) => ('data' in record ? record.data : ''));
    expect([await addresses(), await addresses()]).toEqual([['10.96.0.7'], ['10.96.0.7']]);
    names['web'] = '10.96.0.8';
    version++;
    expect(await addresses()).toEqual(['10.96.0.8']);
  });

  it('tells addresses of one name in another order each time, also where the answer is known', async () => {
    const told = async (next: number): Promise<unknown> => {
      chance = next;
      return (await ask(query('pair.default.svc.cluster.local'))).answers?.map((record) => ('data' in record ? record.data : ''));
    };
    const [one, other] = [['10.96.0.1', '10.96.0.2'], ['10.96.0.2', '10.96.0.1']];
    // The first answer is kept as it was made.
    expect([await told(0.9), await told(0), await told(0.9)]).toEqual([one, other, one]);
    version++;
    expect(await told(0)).toEqual(other);
  });

  it('cuts what does not fit a datagram, by what the client takes, and gives it whole over TCP', async () => {
    const big = query('big.default.svc.cluster.local');
    expect(await ask(big)).toMatchObject({ flag_tc: true, answers: [] });
    expect(await ask({ ...big, ...edns(4096) })).toMatchObject({ flag_tc: true, additionals: [{ type: 'OPT' }] }); // no datagram over 1,232 bytes: fragments get lost
    const socket = connect(server.port, '127.0.0.1');
    const message = encode(big);
    socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]));
    const chunks: Buffer[] = [];
    let length = Infinity;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      length = all.readUInt16BE(0) + 2;
      if (all.length >= length) break;
    }
    expect(decode(Buffer.concat(chunks).subarray(2, length)).answers).toHaveLength(100);
    socket.destroy();
  });

  it('speaks EDNS to those who do, and refuses versions to come', async () => {
    const name = 'web.default.svc.cluster.local';
    expect((await ask(query(name))).additionals).toEqual([]);
    expect((await ask(query(name, edns(1232)))).additionals).toEqual([expect.objectContaining({ type: 'OPT', udpPayloadSize: 1232 })]);
    expect((await ask(query(name, edns(1232, 1)))).additionals).toEqual([expect.objectContaining({ type: 'OPT', extendedRcode: 1 })]);
  });

  it('asks others for names of other domains, and says so when nobody answers', async () => {
    expect((await ask(query('example.com'))).flags).toBe((1 << 8) | (1 << 7) | 2);
    expect(forwarded).toEqual(['example.com']);
  });

  it('counts as CoreDNS does', async () => {
    const asked = query('web.default.svc.cluster.local');
    for (const one of [asked, asked, query('example.com')]) await ask(one);
    const text = await registry.metrics();
    expect(text).toContain('coredns_dns_requests_total{server="dns://:53",zone=".",view="",proto="udp",family="1",type="A"} 3');
    expect(text).toContain('coredns_dns_responses_total{server="dns://:53",zone=".",view="",rcode="NOERROR",plugin="kubernetes"} 2');
    expect(text).toContain('coredns_dns_responses_total{server="dns://:53",zone=".",view="",rcode="SERVFAIL",plugin="forward"} 1');
    expect(text).toContain('coredns_dns_request_duration_seconds_count{server="dns://:53",zone=".",view=""} 3');
    expect(text).toContain(`coredns_dns_request_size_bytes_sum{server="dns://:53",zone=".",view="",proto="udp"} ${2 * encode(asked).length + encode(query('example.com')).length}`);
    expect(text).toContain('coredns_dns_response_size_bytes_count{server="dns://:53",zone=".",view="",proto="udp"} 3');
    expect(text).toContain('coredns_dns_do_requests_total{server="dns://:53",zone=".",view=""} 0');
    expect(text.match(/^# TYPE coredns_dns_response_size_bytes histogram$/gm)).toHaveLength(1);
  });

  it('says that it failed when it did, and counts that', async () => {
    const signed = edns(1232).additionals?.map((record) => ({ ...record, flags: 0x8000, flag_do: true }));
    expect(((await ask(query('broken.example', signed === undefined ? {} : { additionals: signed }))).flags ?? 0) & 0xf).toBe(2);
    const text = await registry.metrics();
    expect(text).toContain('coredns_panics_total 1');
    expect(text).toContain('coredns_dns_do_requests_total{server="dns://:53",zone=".",view=""} 1');
    expect(text).toContain('coredns_dns_responses_total{server="dns://:53",zone=".",view="",rcode="SERVFAIL",plugin=""} 1');
  });

  it('tells whoever looks what was asked and how it was answered, known answers too', async () => {
    const told: unknown[] = [];
    const stop = watchBoundary(({ carrier, what, message }) => told.push([carrier, what, message?.()]));
    const asked = query('web.default.svc.cluster.local');
    for (const one of [asked, asked, query('nope.default.svc.cluster.local')]) await ask(one);
    stop();
    await ask(asked);
    const web = ['dns', 'A web.default.svc.cluster.local', { transport: 'udp', code: 'NOERROR', answers: 1 }];
    expect(told).toEqual([web, web, ['dns', 'A nope.default.svc.cluster.local', { transport: 'udp', code: 'NXDOMAIN', answers: 0 }]]);
  });

  it('outlives whatever is sent to it', async () => {
    const good = encode(query('web.default.svc.cluster.local', edns(1232)));
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.connect(server.port, '127.0.0.1', resolve));
    await assert(asyncProperty(uint8Array({ maxLength: 600 }), integer({ min: 0, max: good.length - 1 }), integer({ min: 0, max: 255 }), async (noise, at, value) => {
      const damaged = Buffer.from(good);
      damaged[at] = value;
      for (const message of [noise, damaged, damaged.subarray(0, at)]) if (message.length > 0) socket.send(message);
      // Loops of compression pointers.
      socket.send(Buffer.concat([good.subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]));
      const tcp = connect(server.port, '127.0.0.1');
      tcp.on('error', () => undefined);
      tcp.end(Buffer.concat([Buffer.from([0, noise.length & 0xff]), noise]));
      tcp.resume();
      await once(tcp, 'close');
    }), { numRuns: 100 });
    socket.close();
    expect((await ask(query('web.default.svc.cluster.local'))).answers).toHaveLength(1);
  });
});
