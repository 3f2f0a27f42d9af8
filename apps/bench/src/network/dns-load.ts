import { createSocket } from 'node:dgram';
import { randomInt } from 'node:crypto';

export interface DnsLoad {
  readonly host: string;
  readonly port: number;
  /** Asked in turn. */
  readonly names: readonly string[];
  readonly count: number;
  /** Questions under way at once, each on a socket of its own. */
  readonly clients: number;
}

export interface DnsLoadResult {
  readonly answersPerSecond: number;
  readonly p99Ms: number;
  readonly lost: number;
}

const lostAfterMs = 1_000;
const headerBytes = 12;

/** Asks for A records in a closed loop, by UDP, and waits for each answer; an answer without a record ends the run. */
export async function dnsLoad({ host, port, names, count, clients }: DnsLoad, signal: AbortSignal): Promise<DnsLoadResult> {
  const times: number[] = [];
  let asked = 0;
  let lost = 0;
  const queries = names.map(queryFor);
  const client = async (): Promise<void> => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.connect(port, host, resolve));
    try {
      while (asked < count) {
        signal.throwIfAborted();
        const query = Buffer.from(queries[asked++ % queries.length] ?? Buffer.alloc(0));
        query.writeUInt16BE(randomInt(0x10000), 0);
        const started = performance.now();
        const answer = await exchange(socket, query);
        if (answer === undefined) lost++;
        else if (answer.readUInt16BE(6) === 0) throw new Error(`${host}:${port} knows no address of ${names[(asked - 1) % names.length] ?? ''}`);
        else times.push(performance.now() - started);
      }
    } finally {
      socket.close();
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  return { answersPerSecond: times.length / seconds, p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.NaN, lost };
}

function exchange(socket: ReturnType<typeof createSocket>, query: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(undefined), lostAfterMs);
    const onMessage = (message: Buffer): void => {
      if (message.length >= headerBytes && message.readUInt16BE(0) === query.readUInt16BE(0)) finish(message);
    };
    const finish = (answer: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.off('message', onMessage);
      resolve(answer);
    };
    socket.on('message', onMessage);
    // Nobody listens: the answer never comes.
    if (socket.listenerCount('error') === 0) socket.on('error', () => undefined);
    socket.send(query);
  });
}

/** A recursive question for an A record. */
function queryFor(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}
