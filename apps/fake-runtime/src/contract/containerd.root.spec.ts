import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CriClient, criContract, type CriSubject, streamingContract } from '@navarch/contract-kit';
import { runtimev1 } from '@navarch/proto';
import { eventually, freePort, readOciArchive, RegistryDouble } from '@navarch/testing';

import { PrivateContainerd, run } from './containerd';

const BUILD_IMAGES = join(__dirname, '../../../../tools/images/build.mjs');
const IMAGE = 'navarch.local/web:1';

jest.setTimeout(60_000);

describe('CRI contract: containerd', () => {
  const containerd = new PrivateContainerd();
  let registry: RegistryDouble;
  let subject: CriSubject;
  let onHostNetwork: CriSubject;

  beforeAll(async () => {
    const images = join(containerd.folder, 'images');
    await run(process.execPath, [BUILD_IMAGES, '--out', images]);
    await containerd.start('navarch.local/pause:1');
    for (const name of ['pause-1.tar', 'web-1.tar']) await containerd.import(join(images, name));
    const logRoot = join(containerd.folder, 'logs');
    mkdirSync(logRoot);
    // On this host's own address a runtime speaks HTTP without being told to.
    registry = await RegistryDouble.start('127.0.0.1', readOciArchive(join(images, 'web-2.tar')));
    const sandbox = (network: runtimev1.NamespaceMode): runtimev1.LinuxPodSandboxConfig => runtimev1.LinuxPodSandboxConfig.fromPartial({
      cgroupParent: containerd.cgroupParent,
      securityContext: { namespaceOptions: { network, pid: runtimev1.NamespaceMode.CONTAINER } },
    });
    subject = {
      client: new CriClient(containerd.endpoint), logRoot, image: IMAGE, pulledImage: `${registry.address}/pulled:1`, sandboxLinux: sandbox(runtimev1.NamespaceMode.POD),
    };
    onHostNetwork = { ...subject, sandboxLinux: sandbox(runtimev1.NamespaceMode.NODE) };
  });

  afterAll(async () => {
    subject.client.close();
    await containerd.stop();
    await registry.stop();
  });

  it.each([...criContract, ...streamingContract].filter(({ needs = '' }) => ['', 'addresses', 'pulls', 'host-network'].includes(needs)))('$name', async ({ needs, run: check }) => {
    await expect(check(needs === 'host-network' ? onHostNetwork : subject)).resolves.toBeUndefined();
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
    const { client, sandboxLinux } = onHostNetwork;
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
      return true;
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
