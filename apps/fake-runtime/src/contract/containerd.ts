import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { CriClient } from '@navarch/contract-kit';


const CGROUP_ROOT = '/sys/fs/cgroup';
const CNI_PLUGINS = '/usr/lib/cni';
const POD_CIDR = '10.248.0.0/24';

function removeEmptyFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** A containerd of its own for the suite: own root, state and socket; nothing of the machine's is used. */
export class PrivateContainerd {
  readonly folder = mkdtempSync(join(tmpdir(), 'nv-ctd-'));
  readonly endpoint = join(this.folder, 'containerd.sock');
  /** Where sandboxes go in every cgroup hierarchy; removed by `stop`. */
  readonly cgroupParent = `/${basename(this.folder)}`;
  /** Where the bridge of its pods is: none of it is in the host's network, where any range of addresses may be somebody's. */
  readonly #netns = basename(this.folder);
  #process: ChildProcess | undefined;
  #output = '';

  async start(sandboxImage: string): Promise<void> {
    await this.#makeNetwork();
    const config = join(this.folder, 'config.toml');
    writeFileSync(
      config,
      `version = 2
root = ${JSON.stringify(join(this.folder, 'root'))}
state = ${JSON.stringify(join(this.folder, 'state'))}
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = ${JSON.stringify(this.endpoint)}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${JSON.stringify(sandboxImage)}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${JSON.stringify(join(this.folder, 'cni', 'bin'))}
    conf_dir = ${JSON.stringify(join(this.folder, 'cni', 'net.d'))}
`,
    );
    this.#process = spawn('containerd', ['--config', config, '--log-level', 'warn'], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    const client = new CriClient(this.endpoint);
    try {
      for (let tries = 0; ; tries++) {
        try {
          await client.call('version', { version: '' });
          return;
        } catch (error) {
          if (tries >= 100 || this.#process.exitCode !== null) throw new Error(`containerd does not answer:\n${this.#output}`, { cause: error });
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    } finally {
      client.close();
    }
  }

  /** Loads an OCI archive into the images that CRI sees. */
  async import(archive: string): Promise<void> {
    await run('ctr', ['--address', this.endpoint, '--namespace', 'k8s.io', 'images', 'import', '--no-unpack=false', archive]);
  }

  /** Removes what still runs in it, ends it, and leaves nothing behind. */
  async stop(): Promise<void> {
    const client = new CriClient(this.endpoint);
    const { items } = await client.call('listPodSandbox', { filter: undefined });
    for (const { id } of items) {
      await client.call('stopPodSandbox', { podSandboxId: id });
      await client.call('removePodSandbox', { podSandboxId: id });
    }
    client.close();
    const child = this.#process;
    this.#process = undefined;
    if (child && child.exitCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    }
    await run('ip', ['netns', 'delete', this.#netns]).finally(() => this.#removeFiles());
  }

  #removeFiles(): void {
    rmSync(this.folder, { recursive: true, force: true });
    const roots = ['', ...readdirSync(CGROUP_ROOT, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []))];
    for (const root of roots) removeEmptyFolder(join(CGROUP_ROOT, root, this.cgroupParent));
  }

  /** A network for pods, by plug-ins that see another network as the host's; containerd itself and its streams stay in this one. */
  async #makeNetwork(): Promise<void> {
    const [bin, configs] = [join(this.folder, 'cni', 'bin'), join(this.folder, 'cni', 'net.d')];
    for (const folder of [bin, configs]) mkdirSync(folder, { recursive: true });
    await run('ip', ['netns', 'add', this.#netns]);
    writeFileSync(join(bin, 'bridge'), `#!/bin/sh\nexec nsenter --net=/run/netns/${this.#netns} ${CNI_PLUGINS}/bridge "$@"\n`, { mode: 0o755 });
    for (const plugin of ['host-local', 'loopback']) symlinkSync(join(CNI_PLUGINS, plugin), join(bin, plugin));
    writeFileSync(join(configs, '10-contract.conflist'), JSON.stringify({
      cniVersion: '0.4.0',
      name: 'contract',
      plugins: [{ type: 'bridge', bridge: 'contract0', isGateway: true, ipam: { type: 'host-local', ranges: [[{ subnet: POD_CIDR }]], dataDir: join(this.folder, 'cni', 'data') } }],
    }));
  }
}

/** Runs a program to its end and answers its output. @throws Error with the output when it fails */
export async function run(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} exited with ${code}: ${output}`);
  return output;
}
