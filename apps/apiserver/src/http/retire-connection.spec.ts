import { once } from 'node:events';
import { connect, createServer, type ClientHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { retireConnection } from './retire-connection';

const textOf = async (stream: ClientHttp2Stream): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

it('a connection that is retired serves what is under way, and nothing after it', async () => {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const server = createServer((request, response) => {
    if (request.url === '/watch') {
      response.write('begun ');
      void released.then(() => response.end('ended'));
      return;
    }
    retireConnection({ request, response });
    retireConnection({ request, response });
    response.end('answered');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const goneAway = once(client, 'goaway');
  const watch = client.request({ ':path': '/watch' });
  await once(watch, 'response');
  expect(await textOf(client.request({ ':path': '/other' }))).toBe('answered');
  expect((await goneAway)[0]).toBe(0);
  expect(client.closed).toBe(true);
  const watched = textOf(watch);
  const closed = once(client, 'close');
  release();
  expect(await watched).toBe('begun ended');
  await closed;
  await new Promise((resolve) => server.close(resolve));
});
