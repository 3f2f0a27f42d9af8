import assert from 'node:assert/strict';
import { createConnection, createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { proxyv1 } from '@navarch/proto';
import type { ServiceClient } from '@navarch/rpc';
import type { ContractCase } from '../contract-case';

export interface DataPlaneSubject {
  readonly dataPlane: ServiceClient<typeof proxyv1.DataPlaneServiceService>;
}

const address = '10.96.255.254';
const port = 4_711;

const servicePort = (endpoints: readonly proxyv1.Endpoint[], more: Partial<proxyv1.ServicePort> = {}): proxyv1.ServicePort =>
  proxyv1.ServicePort.fromPartial({ id: 'contract/web:http', protocol: proxyv1.Protocol.TCP, addresses: [address], port, endpoints: [...endpoints], ...more });

/** Sends requests one after the other on one stream; answers the answers. */
async function sync({ dataPlane }: DataPlaneSubject, requests: readonly Partial<proxyv1.SyncRequest>[]): Promise<proxyv1.SyncResponse[]> {
  async function* frames(): AsyncGenerator<proxyv1.SyncRequest> {
    for (const request of requests) yield await Promise.resolve(proxyv1.SyncRequest.fromPartial(request));
  }
  const answers: proxyv1.SyncResponse[] = [];
  for await (const answer of dataPlane.sync(frames())) answers.push(answer);
  return answers;
}

const empty = (subject: DataPlaneSubject): Promise<unknown> => sync(subject, [{ sequence: 1n, reset: true }]);

/** A server on loopback that says its name to whoever connects. */
async function withEndpoint(name: string, use: (endpoint: proxyv1.Endpoint, server: Server) => Promise<void>): Promise<void> {
  const server = createServer((socket) => socket.end(name)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use({ address: '127.0.0.1', port: (server.address() as AddressInfo).port }, server);
  } finally {
    server.close();
  }
}

/** What a client of the virtual address reads; rejects when it is refused. */
function dial(): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = createConnection({ host: address, port, timeout: 3_000 });
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('end', () => resolve(text));
    socket.on('timeout', () => socket.destroy(new Error('no answer')));
    socket.on('error', reject);
  });
}

/** What the proxy relies on of a data plane in a process of its own. `traffic`: the kit runs where the data plane's rules are in force. */
export const dataPlaneContract: readonly ContractCase<DataPlaneSubject>[] = [
  {
    name: 'answers every request, in order, under its sequence number',
    async run(subject) {
      const answers = await sync(subject, [
        { sequence: 1n, reset: true, upsert: [servicePort([{ address: '10.244.0.9', port: 80 }])] },
        { sequence: 2n, upsert: [servicePort([])] },
        { sequence: 3n, remove: ['contract/web:http'] },
      ]);
      assert.deepEqual(answers.map(({ sequence }) => sequence), [1n, 2n, 3n]);
      assert.deepEqual(answers.map(({ error }) => error), ['', '', '']);
    },
  },
  {
    name: 'takes the removal of what it never had',
    async run(subject) {
      const [, answer] = await sync(subject, [{ sequence: 1n, reset: true }, { sequence: 2n, remove: ['contract/nobody:none'] }]);
      assert.equal(answer?.error, '');
    },
  },
  {
    name: 'says what is wrong with an address that is none, and goes on',
    async run(subject) {
      const answers = await sync(subject, [
        { sequence: 1n, reset: true },
        { sequence: 2n, upsert: [servicePort([{ address: '10.244.0.9', port: 80 }], { id: 'contract/bad:http', addresses: ['not an address'] })] },
        { sequence: 3n, reset: true },
      ]);
      assert.notEqual(answers[1]?.error, '');
      assert.equal(answers[2]?.error, '');
    },
  },
  {
    name: 'carries connections to the endpoint',
    needs: 'traffic',
    run: (subject) =>
      withEndpoint('one', async (endpoint) => {
        await sync(subject, [{ sequence: 1n, reset: true, upsert: [servicePort([endpoint])] }]);
        assert.equal(await dial(), 'one');
        await empty(subject);
      }),
  },
  {
    name: 'carries new connections to new endpoints as soon as it has answered',
    needs: 'traffic',
    run: (subject) =>
      withEndpoint('one', (one) =>
        withEndpoint('two', async (two) => {
          await sync(subject, [{ sequence: 1n, reset: true, upsert: [servicePort([one])] }, { sequence: 2n, upsert: [servicePort([two])] }]);
          assert.deepEqual(await Promise.all([dial(), dial(), dial()]), ['two', 'two', 'two']);
          await empty(subject);
        })),
  },
  {
    name: 'refuses connections to a service without endpoints',
    needs: 'traffic',
    async run(subject) {
      await sync(subject, [{ sequence: 1n, reset: true, upsert: [servicePort([])] }]);
      await assert.rejects(dial(), /ECONNREFUSED/);
      await empty(subject);
    },
  },
];
