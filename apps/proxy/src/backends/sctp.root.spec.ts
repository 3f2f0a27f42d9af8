import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { proxyv1 } from '@navarch/proto';
import { addressOf, addressV6Of, LineProcess, NodeNetwork, type Place } from '@navarch/testing';
import type { ProxyMode } from './backends';
import { Plane } from './testing/plane';

/**
 * Kernels without SCTP sockets still know the protocol's packets: they are sent and received raw here, as INIT chunks with the
 * checksum that connection tracking asks for.
 */
const network = new NodeNetwork(`nps${process.pid % 10_000}`);
const startOnNode = (args: readonly string[]): LineProcess => new LineProcess(network.node, args);
const worlds = {
  IPv4: { at: addressOf, service: '10.96.0.7', af: 'AF_INET', address: 'pack_sockaddr_in(0, inet_pton(AF_INET, $ARGV[0]))', headerBytes: 20 },
  IPv6: { at: addressV6Of, service: 'fd00:10:96::7', af: 'AF_INET6', address: 'pack_sockaddr_in6(0, inet_pton(AF_INET6, $ARGV[0]))', headerBytes: 0 },
} as const;
type Family = keyof typeof worlds;
const sctpProtocol = 132;

/** CRC-32C (RFC 9260, appendix A), in the byte order of the packet. */
function checksum(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

function init(sourcePort: number, port: number): Buffer {
  const packet = Buffer.alloc(32);
  packet.writeUInt16BE(sourcePort, 0);
  packet.writeUInt16BE(port, 2);
  packet.writeUInt8(1, 12); // INIT
  packet.writeUInt16BE(20, 14);
  packet.writeUInt32BE(0x1234_5678, 16); // initiate tag
  packet.writeUInt32BE(65_536, 20); // window
  packet.writeUInt16BE(1, 24); // streams out
  packet.writeUInt16BE(1, 26); // streams in
  packet.writeUInt32BE(1, 28); // first TSN
  packet.writeUInt32LE(checksum(packet), 8);
  return packet;
}

/** The port and source port of the first packet that a place gets, and from whom; undefined when none comes. */
async function received(family: Family, place: Place, send: () => void): Promise<{ port: number; sourcePort: number } | undefined> {
  const { af, headerBytes } = worlds[family];
  const script = `use Socket qw(:all); $| = 1; socket(my $s, ${af}, SOCK_RAW, ${sctpProtocol}) or die $!; print "up\\n"; $SIG{ALRM} = sub { exit }; alarm 3; recv($s, my $p, 2000, 0); print unpack("H*", $p), "\\n";`;
  const child = spawn('ip', ['netns', 'exec', network.netns(place), 'perl', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (data: string) => (said += data));
  while (!said.includes('up\n')) await once(child.stdout, 'data');
  send();
  await once(child, 'close');
  const packet = Buffer.from(said.split('\n')[1] ?? '', 'hex').subarray(headerBytes);
  return packet.length < 4 ? undefined : { sourcePort: packet.readUInt16BE(0), port: packet.readUInt16BE(2) };
}

const send = (family: Family, from: Place, to: string, packet: Buffer): void => {
  const { af, address } = worlds[family];
  execFileSync('ip', [
    'netns',
    'exec',
    network.netns(from),
    'perl',
    '-e',
    `use Socket qw(:all); socket(my $s, ${af}, SOCK_RAW, ${sctpProtocol}) or die $!; send($s, pack("H*", $ARGV[1]), 0, ${address}) or die $!;`,
    to,
    packet.toString('hex'),
  ]);
};

beforeAll(() => network.start(), 60_000);
afterAll(() => network.stop());

describe.each<[ProxyMode, Family]>([['nftables', 'IPv4'], ['nftables', 'IPv6'], ['iptables', 'IPv4'], ['iptables', 'IPv6']])('SCTP by %s, %s', (mode, family) => {
  const { at, service } = worlds[family];
  const port = (...places: Place[]): proxyv1.ServicePort => {
    const endpoints = places.map((place) => ({ address: at(place), port: 9999 }));
    return proxyv1.ServicePort.fromPartial({ id: `default/sctp:${family === 'IPv6' ? '/IPv6' : ''}`, protocol: proxyv1.Protocol.SCTP, addresses: [service], port: 7777, endpoints, localEndpoints: endpoints });
  };
  let plane: Plane;
  beforeAll(async () => {
    plane = new Plane(startOnNode, mode);
    await plane.sync({ reset: true, upsert: [port('a')] });
  });
  afterAll(() => plane.kill());

  it('goes to the endpoint, and to another one when that is gone', async () => {
    const association = init(5_000, 7_777);
    expect(await received(family, 'a', () => send(family, 'remote', service, association))).toEqual({ sourcePort: 5_000, port: 9_999 });
    const flows = (): string => network.run(`conntrack -L -f ${family.toLowerCase()} -p sctp 2>/dev/null`);
    expect(flows()).toContain(`src=${at('a')} dst=${at('remote')} sport=9999 dport=5000`);
    await plane.sync({ upsert: [port('b')] });
    expect(flows()).not.toContain('sport=9999 dport=5000');
    expect(await received(family, 'b', () => send(family, 'remote', service, association))).toEqual({ sourcePort: 5_000, port: 9_999 });
  });
});
