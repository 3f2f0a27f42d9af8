import { FakeClock, systemClock, type Clock } from '@navarch/clock';
import { freePort } from '@navarch/testing';
import { createSocket } from 'node:dgram';
import { decode, encode, type Packet } from 'dns-packet';
import { AnswerCache } from './answer-cache';
import { Forwarder, type ForwarderDeps } from './forwarder';
import { parseUpstream, Upstreams } from './upstreams';

const query = (name: string, id = 7): Packet => ({ type: 'query', id, flags: 0x0100, questions: [{ type: 'A', name }] });
const limits = { timeoutMs: 2_000 };
const dependencies = (clock: Clock, ...servers: string[]): ForwarderDeps => ({
  upstreams: new Upstreams(servers.map(parseUpstream), new Map(), clock),
  cache: new AnswerCache({ size: 10, maxTtlSeconds: 3_600, maxNegativeTtlSeconds: 5 }, clock),
  metrics: { cacheHit: () => undefined, cacheMiss: () => undefined, forwarded: () => undefined },
});

/** A name server that counts and answers 1.2.3.4 for ten seconds. */
async function nameServer(): Promise<{ address: string; asked: string[]; stop: () => void }> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (message, from) => {
    const { id = 0, questions = [] } = decode(message);
    const name = questions[0]?.name ?? '';
    asked.push(name);
    socket.send(encode({ type: 'response', id, flags: 0x8180, questions, answers: [{ type: 'A', class: 'IN', name, ttl: 10, data: '1.2.3.4' }] }), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${socket.address().port}`, asked, stop: () => void socket.close() };
}

describe('Forwarder', () => {
  it('asks outside, gives the client its own id, and remembers the answer while it may', async () => {
    const server = await nameServer();
    const clock = new FakeClock();
    const forwarder = new Forwarder(limits, dependencies(clock, server.address));
    const ask = async (id: number): Promise<Packet> => decode((await forwarder.forward(encode(query('example.com', id)), query('example.com', id))) ?? Buffer.alloc(0));
    expect(await ask(7)).toMatchObject({ id: 7, answers: [{ data: '1.2.3.4' }] });
    expect(await ask(8)).toMatchObject({ id: 8, answers: [{ data: '1.2.3.4' }] });
    expect(server.asked).toHaveLength(1);
    await clock.advance(4_000);
    // The time that is left of it, as the client may keep it no longer than we.
    expect(await ask(9)).toMatchObject({ answers: [{ ttl: 6 }] });
    await clock.advance(7_000);
    await ask(10);
    expect(server.asked).toHaveLength(2);
    server.stop();
  });

  it('goes on to the next server when one does not answer', async () => {
    const server = await nameServer();
    const forwarder = new Forwarder({ timeoutMs: 50 }, dependencies(systemClock, `127.0.0.1:${await freePort()}`, server.address));
    expect(await forwarder.lookup({ type: 'A', name: 'example.com' })).toMatchObject([{ data: '1.2.3.4' }]);
    server.stop();
  });
});

describe('AnswerCache', () => {
  it('lets the oldest go when it is full, and says so', () => {
    const evicted: string[] = [];
    const cache = new AnswerCache({ size: 1, maxTtlSeconds: 3_600, maxNegativeTtlSeconds: 5 }, new FakeClock(), (type) => evicted.push(type));
    const answer = (name: string): Buffer => encode({ type: 'response', id: 1, flags: 0x8180, questions: [{ type: 'A', name }], answers: [{ type: 'A', class: 'IN', name, ttl: 10, data: '1.2.3.4' }] });
    for (const name of ['one', 'two']) cache.put(name, answer(name));
    expect([cache.get('one'), evicted]).toEqual([undefined, ['success']]);
    expect(cache.get('two')).toBeDefined();
  });
});
