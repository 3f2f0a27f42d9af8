import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { isCode } from '../error-text';
import { CriRuntime } from '../runtime/cri-runtime';
import { remoteCriClients } from '../runtime/remote-clients';

const exec = promisify(execFile);
const buildImages = join(__dirname, '../../../../tools/images/build.mjs');
const cgroupMount = '/sys/fs/cgroup';

/** Runs a program to its end; rejects with what it said when it fails. */
export async function run(command: string, ...args: string[]): Promise<string> {
  return (await exec(command, args)).stdout;
}

/** A network namespace with a containerd of its own, reachable from here: a node for tests with root. */
export class PrivateNode {
  readonly folder = mkdtempSync(join(tmpdir(), 'kl-'));
  readonly socket = join(this.folder, 'ctd.sock');
  readonly cgroupRoot = `/${basename(this.folder)}`;
  readonly netns = basename(this.folder);
  readonly address: string;
  /** Where the node reaches this process. */
  readonly hostAddress: string;
  readonly runtime = new CriRuntime(remoteCriClients({ endpoint: `unix://${this.socket}` }), { requestTimeoutMs: 60_000 });
  readonly #networkConfig = join(this.folder, 'cni', '10-test.conflist');
  /** How its registries are reached; read at each pull. */
  readonly #registries = join(this.folder, 'registries');
  readonly #subnet: number;
  readonly #podCidr: string;
  #containerd: ChildProcess | undefined;
  #output = '';

  constructor() {
    // Two suites may run side by side.
    this.#subnet = 1 + (process.pid % 250);
    this.#podCidr = `10.249.${this.#subnet}.0/24`;
    this.address = `172.31.${this.#subnet}.2`;
    this.hostAddress = `172.31.${this.#subnet}.1`;
  }

  async start(): Promise<void> {
    await this.#makeNetwork();
    const images = join(this.folder, 'images');
    await run(process.execPath, buildImages, '--out', images);
    await this.#startContainerd();
    for (const name of readdirSync(images).filter((file) => file.endsWith('.tar'))) await this.importImage(join(images, name));
  }

  /** Gives the node the image of an archive. */
  async importImage(path: string): Promise<void> {
    await run('ctr', '--address', this.socket, '--namespace', 'k8s.io', 'images', 'import', '--no-unpack=false', path);
  }

  /** Lets the node pull from a registry that has no TLS. */
  async trustRegistry(address: string): Promise<void> {
    const folder = join(this.#registries, address);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'hosts.toml'), `server = "http://${address}"\n[host."http://${address}"]\n  capabilities = ["pull", "resolve"]\n`);
  }

  /** Ends containerd; containers go on. */
  async stopRuntime(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#containerd;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  }

  /** Starts containerd again, and resolves when it answers. */
  async startRuntime(): Promise<void> {
    const config = join(this.folder, 'config.toml');
    const child = spawn('nsenter', [`--net=/run/netns/${this.netns}`, '--', 'containerd', '--config', config, '--log-level', 'warn'], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#containerd = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    for (let tries = 0; ; tries++) {
      try {
        await this.runtime.version();
        return;
      } catch (error) {
        if (tries >= 700 || child.exitCode !== null) throw new Error(`containerd does not answer:\n${this.#output}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  /** Takes the configuration of the pods' network away: no new pod can have one. */
  async disableNetwork(): Promise<void> {
    await rm(this.#networkConfig);
  }

  /** Gives pods their network: the node becomes ready. */
  async enableNetwork(): Promise<void> {
    await writeFile(this.#networkConfig, JSON.stringify({
      cniVersion: '0.4.0', name: 'test',
      plugins: [{
        type: 'bridge', bridge: 'kl0', isGateway: true, ipMasq: false, hairpinMode: true,
        ipam: { type: 'host-local', ranges: [[{ subnet: this.#podCidr }]], routes: [{ dst: '0.0.0.0/0' }], dataDir: join(this.folder, 'cni-data') },
      }, { type: 'portmap', capabilities: { portMappings: true } }, { type: 'bandwidth', capabilities: { bandwidth: true } }],
    }));
  }

  /** Runs a program in the node's network. */
  inside(command: string, ...args: string[]): Promise<string> {
    return run('ip', 'netns', 'exec', this.netns, command, ...args);
  }

  /** All that pods could leave on the node: mounts, links, limits, rules, addresses, groups and directories. */
  async traces(): Promise<Readonly<Record<string, string>>> {
    const lines = (text: string, keep: (line: string) => boolean): string => text.split('\n').filter(keep).sort().join('\n');
    const names = async (path: string, keep = /./): Promise<string> => (await readdir(path).catch(() => [])).filter((name) => keep.test(name)).sort().join();
    return {
      mounts: lines(await run('cat', '/proc/self/mounts'), (line) => line.includes(this.folder)).replaceAll(/ \S+ \d+ \d+$/gm, ''),
      links: (await this.inside('ip', '-o', 'link')).split('\n').map((line) => line.split(':')[1] ?? '').join(),
      limits: lines(await this.inside('tc', 'qdisc'), (line) => line.includes('tbf')),
      rules: lines(await this.inside('iptables-save'), (line) => line.includes('CNI-')),
      addresses: await names(join(this.folder, 'cni-data/test'), /^\d+\./),
      groups: (await run('find', cgroupMount, '-type', 'd', '-path', `*${this.cgroupRoot}/*`, '-name', 'pod*')).split('\n').sort().join(),
      directories: `${await names(join(this.folder, 'kubelet/pods'))};${await names(join(this.folder, 'logs'))}`,
    };
  }

  async stop(): Promise<void> {
    for (const { id } of await this.runtime.listPodSandboxes()) {
      await this.runtime.stopPodSandbox(id);
      await this.runtime.removePodSandbox(id);
    }
    this.runtime.close();
    await this.stopRuntime();
    await run('ip', 'netns', 'delete', this.netns);
    const points = (await run('cat', '/proc/self/mounts')).split('\n').map((line) => line.split(' ')[1] ?? '');
    for (const point of points.filter((path) => path.startsWith(this.folder)).reverse()) await run('umount', point);
    await rm(this.folder, { recursive: true, force: true });
    for (const controller of ['', ...readdirSync(cgroupMount)]) removeGroup(join(cgroupMount, controller, this.cgroupRoot));
  }

  async #makeNetwork(): Promise<void> {
    const { netns, address, hostAddress: host } = this;
    const link = `kl${this.#subnet}`;
    await run('ip', 'netns', 'add', netns);
    await run('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns);
    await run('ip', 'address', 'add', `${host}/30`, 'dev', link);
    await run('ip', 'link', 'set', link, 'up');
    const inside = [
      ['address', 'add', `${address}/30`, 'dev', 'eth0'],
      ['link', 'set', 'lo', 'up'],
      ['link', 'set', 'eth0', 'up'],
      ['route', 'add', 'default', 'via', host],
    ];
    for (const args of inside) await run('ip', '-n', netns, ...args);
    await run('ip', 'netns', 'exec', netns, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    await run('ip', 'route', 'add', this.#podCidr, 'via', address);
  }

  async #startContainerd(): Promise<void> {
    const cni = join(this.folder, 'cni');
    await mkdir(cni);
    const config = join(this.folder, 'config.toml');
    await writeFile(config, `version = 2
root = ${JSON.stringify(join(this.folder, 'root'))}
state = ${JSON.stringify(join(this.folder, 'state'))}
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = ${JSON.stringify(this.socket)}
[timeouts]
  "io.containerd.timeout.shim.load" = "1m"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "navarch.local/pause:1"
  stream_server_address = ${JSON.stringify(this.address)}
  stream_server_port = "0"
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = ${JSON.stringify(cni)}
    max_conf_num = 1
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${JSON.stringify(this.#registries)}
`);
    await this.startRuntime();
  }
}

function removeGroup(path: string): void {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeGroup(join(path, entry.name));
    rmdirSync(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT') && !isCode(error, 'ENOTDIR')) throw error;
  }
}
