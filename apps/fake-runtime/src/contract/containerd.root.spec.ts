import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { CriClient, criContract, type CriSubject, streamingContract } from '@navarch/contract-kit';
import { runtimev1 } from '@navarch/proto';

import { PrivateContainerd, run } from './containerd';

const BUILD_IMAGES = join(__dirname, '../../../../tools/images/build.mjs');
const IMAGE = 'navarch.local/web:1';

jest.setTimeout(60_000);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function eventually<T>(check: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await check();
    } catch (error) {
      if (tries >= 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe('CRI contract: containerd', () => {
  const containerd = new PrivateContainerd();
  let subject: CriSubject;

  beforeAll(async () => {
    const images = join(containerd.folder, 'images');
    await run(process.execPath, [BUILD_IMAGES, '--out', images]);
    await containerd.start('navarch.local/pause:1');
    for (const name of ['pause-1.tar', 'web-1.tar']) await containerd.import(join(images, name));
    const logRoot = join(containerd.folder, 'logs');
    mkdirSync(logRoot);
    subject = {
      client: new CriClient(containerd.endpoint),
      logRoot,
      image: IMAGE,
      // There is no CNI here: pods share the host's network.
      sandboxLinux: runtimev1.LinuxPodSandboxConfig.fromPartial({
        cgroupParent: containerd.cgroupParent,
        securityContext: { namespaceOptions: { network: runtimev1.NamespaceMode.NODE, pid: runtimev1.NamespaceMode.CONTAINER } },
      }),
    };
  });

  afterAll(async () => {
    subject.client.close();
    await containerd.stop();
  });

  it.each([...criContract, ...streamingContract].filter(({ needs }) => needs === undefined || needs === 'host-network'))('$name', async ({ run: check }) => {
    await expect(check(subject)).resolves.toBeUndefined();
  });

  it('builds the same images every time', async () => {
    const again = join(containerd.folder, 'again');
    await run(process.execPath, [BUILD_IMAGES, '--out', again]);
    for (const name of ['pause-1.tar', 'web-1.tar', 'web-2.tar']) {
      const [first, second] = await Promise.all([join(containerd.folder, 'images', name), join(again, name)].map((path) => readFile(path)));
      expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
    }
  });

  it('runs the web image: it names its version and pod, and serves on for two seconds after TERM', async () => {
    const { client, sandboxLinux } = subject;
    const port = await freePort();
    const sandboxConfig = runtimev1.PodSandboxConfig.fromPartial({
      metadata: { name: 'web', namespace: 'contract', uid: 'web' },
      logDirectory: join(subject.logRoot, 'web'),
      linux: sandboxLinux,
    });
    const { podSandboxId } = await client.call('runPodSandbox', { config: sandboxConfig, runtimeHandler: '' });
    const config = runtimev1.ContainerConfig.fromPartial({
      metadata: { name: 'web' },
      image: { image: IMAGE },
      envs: [
        { key: 'PORT', value: Buffer.from(String(port)) },
        { key: 'POD_NAME', value: Buffer.from('web-abc') },
      ],
      logPath: 'web.log',
    });
    const { containerId } = await client.call('createContainer', { podSandboxId, config, sandboxConfig });
    await client.call('startContainer', { containerId });
    const page = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
    await eventually(page);
    expect(await page()).toBe('web:1 web-abc\n');
    const wget = await client.call('execSync', { containerId, cmd: ['wget', '-q', '-T', '5', '-O-', `http://127.0.0.1:${port}/`], timeout: 10n });
    expect(wget.stdout.toString()).toBe('web:1 web-abc\n');
    const stopped = client.call('stopContainer', { containerId, timeout: 10n });
    await eventually(async () => {
      expect(await readFile(join(subject.logRoot, 'web', 'web.log'), 'utf8')).toContain('web:1 on web-abc stops');
    });
    expect(await page()).toBe('web:1 web-abc\n');
    await stopped;
    const { status } = await client.call('containerStatus', { containerId, verbose: false });
    expect(status?.exitCode).toBe(0);
    const applets = ['sh', 'wget', 'tar', 'nslookup', 'ping', 'timeout'];
    const tools = await run('ctr', ['--address', containerd.endpoint, '--namespace', 'k8s.io', 'run', '--rm', IMAGE, 'tools', 'which', ...applets]);
    expect(tools.trim().split('\n')).toEqual(applets.map((name) => `/bin/${name}`));
    await client.call('removePodSandbox', { podSandboxId });
  });
});
