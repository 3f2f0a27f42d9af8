import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilItListens } from './node-images';

describe('waiting for a node\'s containerd', () => {
  let dir: string;
  let server: Server | undefined;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'node-images-'));
  });

  afterEach(async () => {
    const running = server;
    server = undefined;
    if (running !== undefined) await new Promise((resolve) => running.close(resolve));
    rmSync(dir, { recursive: true, force: true });
  });

  it('is not content with a file where nobody listens', async () => {
    const path = join(dir, 'containerd.sock');
    writeFileSync(path, '');
    let listening = false;
    const waited = untilItListens(path).then(() => listening);
    await new Promise((resolve) => setImmediate(resolve));
    rmSync(path);
    server = createServer();
    server.listen(path, () => (listening = true));
    expect(await waited).toBe(true);
  });
});
