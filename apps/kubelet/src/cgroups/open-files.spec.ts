import { createServer } from 'node:net';
import { once } from 'node:events';
import { openFiles } from './open-files';

it('counts what a process has open, and its sockets, and nothing of one that is gone', async () => {
  const before = await openFiles([process.pid, 2 ** 30]);
  expect(before.files).toBeGreaterThan(2);
  const server = createServer().listen(0);
  await once(server, 'listening');
  try {
    expect((await openFiles([process.pid])).sockets).toBeGreaterThan(before.sockets);
    await expect(openFiles([2 ** 30])).resolves.toEqual({ files: 0, sockets: 0 });
  } finally {
    server.close();
  }
});
