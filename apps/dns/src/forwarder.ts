import { createSocket, type Socket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { connect } from 'node:net';
import { decode, encode, type Answer, type Packet, type Question } from 'dns-packet';
import type { AnswerCache } from './answer-cache';
import { isDenial } from './denial';
import type { DnsMetrics } from './dns-metrics';
import type { Upstream, Upstreams } from './upstreams';

export interface ForwarderOptions {
  readonly timeoutMs: number;
}

export interface ForwarderDeps {
  readonly upstreams: Upstreams;
  readonly cache: AnswerCache;
  readonly metrics: Pick<DnsMetrics, 'cacheHit' | 'cacheMiss' | 'forwarded'>;
}

const truncatedFlag = 0x0200;

/** Asks the servers outside, one after the other, and remembers their answers for as long as they allow. */
export class Forwarder {
  /** Questions under way: the same question asked twice goes out once. */
  readonly #inFlight = new Map<string, Promise<Buffer | undefined>>();

  constructor(private readonly options: ForwarderOptions, private readonly deps: ForwarderDeps) {}

  /** The answer as bytes, with the query's id; undefined if no server answers. */
  async forward(raw: Buffer, query: Packet): Promise<Buffer | undefined> {
    const question = query.questions?.[0];
    if (question === undefined) return undefined;
    const { cache, metrics } = this.deps;
    const key = keyOf(question, query);
    const cached = cache.get(key);
    if (cached !== undefined) {
      metrics.cacheHit(isDenial(cached) ? 'denial' : 'success');
      return withId(cached, query.id ?? 0);
    }
    metrics.cacheMiss();
    const running = this.#inFlight.get(key) ?? this.#ask(key, question.name, raw).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, running);
    const answer = await running;
    return answer && withId(answer, query.id ?? 0);
  }

  /** The answers to a question of our own. */
  async lookup(question: Question): Promise<Answer[] | undefined> {
    const packet: Packet = { type: 'query', id: randomInt(0x10000), flags: 0x0100, questions: [question] };
    const answer = await this.forward(encode(packet), packet);
    return answer && decode(answer).answers;
  }

  async #ask(key: string, name: string, raw: Buffer): Promise<Buffer | undefined> {
    for (const server of this.deps.upstreams.for(name)) {
      const answer = await this.#askServer(server, raw);
      if (answer === undefined) continue;
      this.deps.cache.put(key, answer);
      return answer;
    }
    return undefined;
  }

  async #askServer(server: Upstream, raw: Buffer): Promise<Buffer | undefined> {
    const { host, port, name } = server;
    const { upstreams, metrics } = this.deps;
    // An id of our own: an answer that carries another is somebody's forgery.
    const query = withId(raw, randomInt(0x10000));
    const started = performance.now();
    const answer = await overUdp(host, port, query, this.options.timeoutMs);
    metrics.forwarded(name, answer && answer.readUInt16BE(2) & 0xf, (performance.now() - started) / 1000);
    if (answer === undefined) upstreams.silent(server);
    else upstreams.answered(server);
    const truncated = answer !== undefined && (answer.readUInt16BE(2) & truncatedFlag) !== 0;
    return truncated ? ((await overTcp(host, port, query, this.options.timeoutMs)) ?? answer) : answer;
  }
}

/** Clients that want signatures, or do not speak EDNS, get answers of their own. */
function keyOf({ name, type, class: in_ = 'IN' }: Question, query: Packet): string {
  const edns = query.additionals?.find((record) => record.type === 'OPT') as { flag_do?: boolean } | undefined;
  return `${name.toLowerCase()}/${type}/${in_}/${edns === undefined ? '' : edns.flag_do === true ? 'do' : 'edns'}`;
}

function withId(packet: Buffer, id: number): Buffer {
  const copy = Buffer.from(packet);
  copy.writeUInt16BE(id, 0);
  return copy;
}

function overUdp(host: string, port: number, query: Buffer, timeoutMs: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket: Socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const finish = (answer: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    socket.once('error', () => finish(undefined));
    // Connected: only the server's own packets are taken.
    socket.connect(port, host, () => socket.send(query));
    socket.on('message', (message) => {
      if (message.length >= 12 && message.readUInt16BE(0) === query.readUInt16BE(0)) finish(message);
    });
  });
}

function overTcp(host: string, port: number, query: Buffer, timeoutMs: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const chunks: Buffer[] = [];
    const finish = (answer: Buffer | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.once('connect', () => socket.write(Buffer.concat([length, query])));
    socket.once('error', () => finish(undefined));
    socket.once('timeout', () => finish(undefined));
    socket.once('close', () => resolve(undefined));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      if (all.length >= 2 && all.length >= all.readUInt16BE(0) + 2) finish(all.subarray(2, all.readUInt16BE(0) + 2));
    });
  });
}

