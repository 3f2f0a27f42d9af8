import { Agent, createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerOutput } from './watch-output';
import type { WatchOutput } from '../watch/framing';

/** A server whose answers begin and go on as the test says. */
async function serve(): Promise<{ server: Server; opened: WatchOutput[]; exchanges: { bytesWritten: number }[] }> {
  const opened: WatchOutput[] = [];
  const exchanges: { bytesWritten: number }[] = [];
  const server = createServer((_, response) => {
    const exchange = { response, bytesWritten: 0 };
    response.writeHead(200, {});
    response.flushHeaders();
    exchanges.push(exchange);
    opened.push(answerOutput(exchange));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, opened, exchanges };
}

const bodyOf = async (response: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
};

it('sends many clients the same frames, ends in order, and leaves the connection to the next answer', async () => {
  const { server, opened, exchanges } = await serve();
  const agents = [0, 1, 2].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  const get = (agent: Agent): Promise<IncomingMessage> => new Promise((resolve, reject) => {
    request({ port: (server.address() as AddressInfo).port, agent }, resolve).on('error', reject).end();
  });
  for (const round of ['first', 'second']) {
    opened.length = exchanges.length = 0;
    const answers = await Promise.all(agents.map(get));
    const bodies = answers.map(bodyOf);
    const frames = [Buffer.from(`${round} é\n`), Buffer.alloc(100_000, 'x'), Buffer.from('last\n')];
    for (const frame of frames) for (const output of opened) output.write(frame);
    await Promise.all(opened.map((output) => output.drained()));
    for (const output of opened) output.end('timeout');
    // Nothing may come into what follows on the connection.
    for (const output of opened) output.write(Buffer.from('too late'));
    expect(await Promise.all(bodies)).toEqual(agents.map(() => Buffer.concat(frames).toString()));
    expect(exchanges.map(({ bytesWritten }) => bytesWritten)).toEqual(agents.map(() => Buffer.concat(frames).length));
    expect(answers.map(({ headers }) => headers['transfer-encoding'])).toEqual(agents.map(() => 'chunked'));
  }
  for (const agent of agents) agent.destroy();
  await new Promise((resolve) => server.close(resolve));
});
