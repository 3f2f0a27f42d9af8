import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { TRUNCATED_RESPONSE, decode, encode, type Packet } from 'dns-packet';
import { type Component, type Logger, plainAddress } from '@navarch/component-base';
import type { DnsMetrics, Family, Plugin } from './dns-metrics';
import { KnownAnswers } from './known-answers';
import { ednsOf, ednsRecord, responseCode, type Resolver } from './resolver';
import { addressSets, shuffle } from './shuffle-addresses';
import { tellAnswer } from './tell-answer';

export interface DnsServerOptions {
  readonly address: string;
  readonly port: number;
}

export interface DnsServerDeps {
  readonly resolver: Pick<Resolver, 'answer'>;
  /** Changes with everything that the cluster's own names are made of. */
  readonly version: () => number;
  /** From 0 up to 1, as Math.random: the order in which addresses of one name are told. */
  readonly random: () => number;
  readonly metrics: DnsMetrics;
  readonly log: Logger;
}

/** Answers over UDP up to this size, unless the client says that it takes more. */
const plainUdpBytes = 512;
const largestUdpBytes = 1232;
const idleTcpMs = 10_000;
const largestTcpQuery = 65_535;

/** Listens on UDP and TCP. Whatever arrives, it answers or drops; it never ends. */
export class DnsServer implements Component {
  readonly name = 'dns-server';
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  readonly #connections = new Set<Socket>();

  readonly #known: KnownAnswers;

  constructor(private readonly options: DnsServerOptions, private readonly deps: DnsServerDeps) {
    this.#known = new KnownAnswers(deps.version);
  }

  /** The port listened on. */
  get port(): number {
    return this.#udp?.address().port ?? 0;
  }

  async start(): Promise<void> {
    const { address, port } = this.options;
    const type = isIPv6(address) ? 'udp6' : 'udp4';
    // Whom an answer goes to is an address always: looking it up as if it were a name would cost as much as the answer.
    const udp = createSocket({ type, recvBufferSize: 1 << 20, lookup: (host, _options, done) => done(null, host, type === 'udp6' ? 6 : 4) });
    udp.on('message', (message, from) => this.#onDatagram(udp, message, from));
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind(port, address, resolve);
    });
    udp.on('error', (error) => this.deps.log.warn({ err: error }, 'UDP socket reported an error'));
    this.#udp = udp;
    const tcp = createServer((socket) => this.#onConnection(socket));
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject);
      tcp.listen(this.port, address, resolve);
    });
    tcp.on('error', (error) => this.deps.log.warn({ err: error }, 'TCP server reported an error'));
    this.#tcp = tcp;
  }

  async stop(): Promise<void> {
    this.#udp?.close();
    this.#udp = undefined;
    const tcp = this.#tcp;
    this.#tcp = undefined;
    for (const socket of this.#connections) socket.destroy();
    if (tcp !== undefined) await new Promise<void>((resolve) => tcp.close(() => resolve()));
  }

  #onDatagram(udp: UdpSocket, message: Buffer, from: RemoteInfo): void {
    const started = performance.now();
    const known = this.#known.get(message);
    if (known !== undefined) {
      shuffle(known.answer, known.addresses, this.deps.random);
      udp.send(known.answer, from.port, from.address);
      this.#count({ transport: 'udp', family: familyOf(from.address), started }, message, known.type, known.answer, 'kubernetes');
      tellAnswer('udp', known.answer);
      return;
    }
    void this.#answer(message, { transport: 'udp', family: familyOf(from.address), started }).then((answer) => {
      if (answer !== undefined && this.#udp === udp) udp.send(answer, from.port, from.address);
    });
  }

  #onConnection(socket: Socket): void {
    this.#connections.add(socket);
    socket.setTimeout(idleTcpMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
    let pending = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= pending.readUInt16BE(0) + 2) {
        const end = pending.readUInt16BE(0) + 2;
        const query = pending.subarray(2, end);
        pending = pending.subarray(end);
        void this.#answer(query, { transport: 'tcp', family: familyOf(socket.remoteAddress ?? ''), started: performance.now() }).then((answer) => {
          if (answer === undefined || socket.destroyed) return;
          const length = Buffer.alloc(2);
          length.writeUInt16BE(answer.length);
          socket.write(Buffer.concat([length, answer]));
        });
      }
      if (pending.length > largestTcpQuery + 2) socket.destroy();
    });
  }

  /** Never rejects; undefined drops the query. */
  async #answer(message: Buffer, asked: Asked): Promise<Buffer | undefined> {
    const { resolver, metrics, log } = this.deps;
    const { transport } = asked;
    let query: Packet;
    try {
      query = decode(message);
    } catch {
      metrics.malformed(transport);
      return undefined; // what cannot be read cannot be answered
    }
    if (query.type === 'response') return undefined; // answering answers would loop
    const type = query.questions?.[0]?.type ?? '';
    if (ednsOf(query)?.flag_do === true) metrics.askedForSignatures();
    try {
      const { version } = this.#known;
      const answer = await resolver.answer(query, message);
      const whole = Buffer.isBuffer(answer.message) ? answer.message : encode(answer.message);
      const bytes = transport === 'udp' && whole.length > udpLimit(query) ? truncated(whole, query) : whole;
      const addresses = addressSets(bytes);
      if (transport === 'udp' && answer.ours) this.#known.put(message, { answer: bytes, addresses, type }, version);
      shuffle(bytes, addresses, this.deps.random);
      this.#count(asked, message, type, bytes, answer.ours ? 'kubernetes' : 'forward');
      tellAnswer(transport, bytes);
      return bytes;
    } catch (error) {
      log.error({ err: error, question: query.questions?.[0]?.name }, 'query failed');
      metrics.panicked();
      const bytes = encode({ type: 'response', ...(query.id === undefined ? {} : { id: query.id }), flags: responseCode.serverFailure, questions: query.questions ?? [] });
      this.#count(asked, message, type, bytes, '');
      return bytes;
    }
  }

  #count({ transport, family, started }: Asked, query: Buffer, type: string, answer: Buffer, plugin: Plugin): void {
    this.deps.metrics.answered({
      proto: transport,
      family,
      type,
      code: answer.readUInt16BE(2) & 0xf,
      plugin,
      queryBytes: query.length,
      answerBytes: answer.length,
      seconds: (performance.now() - started) / 1000,
    });
  }
}

/** How a question came, and when. */
interface Asked {
  readonly transport: 'udp' | 'tcp';
  readonly family: Family;
  readonly started: number;
}

/** An address of IPv4 in the clothes of IPv6 is one of IPv4, as CoreDNS has it. */
const familyOf = (address: string): Family => (plainAddress(address).includes(':') ? '2' : '1');

function udpLimit(query: Packet): number {
  return Math.min(Math.max(ednsOf(query)?.udpPayloadSize ?? plainUdpBytes, plainUdpBytes), largestUdpBytes);
}

/** Only the question, and the sign to ask again by TCP; to those who speak EDNS, by EDNS (RFC 6891). */
function truncated(answer: Buffer, query: Packet): Buffer {
  const additionals = ednsOf(query) === undefined ? [] : [ednsRecord(0)];
  return encode({ type: 'response', ...(query.id === undefined ? {} : { id: query.id }), flags: answer.readUInt16BE(2) | TRUNCATED_RESPONSE, questions: query.questions ?? [], additionals });
}
