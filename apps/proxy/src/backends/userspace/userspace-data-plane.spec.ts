import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { FakeClock } from '@navarch/clock';
import { proxyv1 } from '@navarch/proto';
import { eventually } from '@navarch/testing';
import { userspace } from './userspace-data-plane';

const host = '127.0.0.1';
/** A server that says a word to everyone, on a port of its own. */
const saying = async (word: string): Promise<{ server: Server; port: number }> => {
  const server = createServer((socket) => socket.end(word)).listen(0, host);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
};
const heard = async (port: number): Promise<string> => {
  let text = '';
  for await (const chunk of connect(port, host)) text += String(chunk);
  return text;
};

it('goes on with all others where somebody has the port of a Service, and has that one too as soon as it is free', async () => {
  const clock = new FakeClock();
  const warnings: string[] = [];
  const [endpoint, other, free] = await Promise.all([saying('endpoint'), saying('other'), saying('')]);
  free.server.close();
  const plane = userspace.create({ family: 'IPv4', clusterCidrs: [], nodePortAddresses: undefined, run: () => Promise.resolve(''), clock, log: { warn: ((_fields: object, message: string) => warnings.push(message)) as never } });
  const service = (id: string, port: number): proxyv1.ServicePort => proxyv1.ServicePort.fromPartial({ id, protocol: proxyv1.Protocol.TCP, addresses: [host], port, endpoints: [{ address: host, port: endpoint.port }] });
  try {
    await plane.sync({ sequence: 1n, reset: true, upsert: [service('default/taken:', other.port), service('default/web:', free.port)], remove: [] });
    expect([await heard(other.port), await heard(free.port)]).toEqual(['other', 'endpoint']);
    // Nobody is told twice.
    await clock.advance(10_000);
    await plane.sync({ sequence: 2n, reset: false, upsert: [service('default/web:', free.port)], remove: [] });
    expect(warnings).toEqual(['a port of a Service cannot be listened on; it is tried again']);
    other.server.close();
    await once(other.server, 'close');
    await clock.advance(10_000);
    await eventually(async () => (await heard(other.port)) === 'endpoint');
    expect(clock.pendingTimers).toBe(0);
  } finally {
    await plane.close?.();
    endpoint.server.close();
  }
  expect(clock.pendingTimers).toBe(0);
});
