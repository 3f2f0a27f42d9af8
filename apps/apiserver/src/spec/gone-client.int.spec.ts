import { eventually } from '@navarch/testing';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { RestClient, TestApiserver } from '../testing';
import { useTestApi } from './use-test-api';

const maps = '/api/v1/namespaces/default/configmaps';

/**
 * A client on a thread of its own: connects, says so, waits for the word, sends its request and goes. `done[0]` becomes 1 when all
 * of that is with the kernel.
 */
const CLIENT = `
const { parentPort, workerData: { port, credentials, done, request, protocol, leave } } = require('node:worker_threads');
const finished = () => { Atomics.store(done, 0, 1); Atomics.notify(done, 0); };
const socket = require('node:tls').connect({ host: '127.0.0.1', port, ...credentials, rejectUnauthorized: false, ALPNProtocols: [protocol] });
socket.on('error', () => undefined);
const { method, path, body } = request;
const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
if (protocol === 'h2') {
  const session = require('node:http2').connect('https://127.0.0.1:' + port, { createConnection: () => socket });
  session.on('error', () => undefined);
  session.once('remoteSettings', () => parentPort.postMessage('connected'));
  parentPort.once('message', () => {
    const stream = session.request({ ':method': method, ':path': path, 'content-type': type });
    stream.on('error', () => undefined);
    stream.end(body, () => setImmediate(() => { if (leave === 'reset') stream.close(8, () => undefined); else socket.destroy(); setImmediate(() => setTimeout(finished, 50)); }));
  });
} else {
  socket.once('secureConnect', () => parentPort.postMessage('connected'));
  parentPort.once('message', () => {
    socket.write(method + ' ' + path + ' HTTP/1.1\\r\\nHost: h\\r\\nContent-Type: ' + type + '\\r\\nContent-Length: ' + body.length + '\\r\\n\\r\\n' + body, () => {
      if (leave === 'end') socket.end(); else socket.destroy();
      setTimeout(finished, 50);
    });
  });
}
`;

interface Leaving { readonly method: string; readonly path: string; readonly body: string; readonly protocol: 'h2' | 'http/1.1'; readonly leave: 'destroy' | 'end' | 'reset' }

let server: TestApiserver;
let api: RestClient;
useTestApi((running) => {
  ({ api, server } = running);
});

const abandoned = async (): Promise<number> => Number(/^navarch_apiserver_abandoned_writes_total (\d+)$/m.exec((await api.get('/metrics')).raw.toString())?.[1]);

/** Lets a client send and go while this thread, the apiserver's, stands still. */
async function sentWhileStopped({ protocol, leave, ...request }: Leaving): Promise<void> {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(CLIENT, { eval: true, workerData: { port: server.port, credentials: await server.credentials(server.pki.files.admin), done, request, protocol, leave } });
  await once(worker, 'message');
  worker.postMessage('go');
  Atomics.wait(done, 0, 0);
  await worker.terminate();
}

const map = (name: string): string => JSON.stringify({ metadata: { name }, data: { by: 'who left' } });

describe('a request whose client is gone before it is begun', () => {
  it.each<[string, Leaving]>([
    ['a creation over HTTP/1.1', { method: 'POST', path: maps, body: map('m'), protocol: 'http/1.1', leave: 'destroy' }],
    ['a creation over HTTP/1.1 that says goodbye', { method: 'POST', path: maps, body: map('m'), protocol: 'http/1.1', leave: 'end' }],
    ['a creation over HTTP/2', { method: 'POST', path: maps, body: map('m'), protocol: 'h2', leave: 'destroy' }],
    ['a creation over HTTP/2 that is taken back', { method: 'POST', path: maps, body: map('m'), protocol: 'h2', leave: 'reset' }],
    ['a replacement', { method: 'PUT', path: `${maps}/kept`, body: map('kept'), protocol: 'http/1.1', leave: 'destroy' }],
    ['a patch', { method: 'PATCH', path: `${maps}/kept`, body: map('kept'), protocol: 'http/1.1', leave: 'destroy' }],
    ['a deletion', { method: 'DELETE', path: `${maps}/kept`, body: '', protocol: 'http/1.1', leave: 'destroy' }],
  ])('writes nothing: %s', async (_what, leaving) => {
    await api.post(maps, { metadata: { name: 'kept' }, data: { by: 'who stayed' } });
    const before = await abandoned();
    await sentWhileStopped(leaving);
    await eventually(async () => (await abandoned()) > before);
    const { body } = await api.get<{ items: { metadata: { name: string }; data: unknown }[] }>(maps);
    expect(body.items.filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt').map(({ metadata: { name }, data }) => ({ name, data }))).toEqual([{ name: 'kept', data: { by: 'who stayed' } }]);
  });
});
