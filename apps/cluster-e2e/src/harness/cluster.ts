import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '@navarch/testing';
import { must, run, type Output, type RunOptions } from './shell';

export const root = resolve(__dirname, '../../../..');

interface ProcessEntry {
  readonly name: string;
  readonly pid?: number;
  readonly state: string;
  readonly restarts: number;
}

/** A cluster that is up, and what tests do with it whoever runs its processes. */
export abstract class RunningCluster {
  abstract readonly kubeconfig: string;
  /** Starts it, or what of it is down. */
  abstract up(): Promise<string>;
  abstract down(...options: string[]): Promise<string>;
  /** The command before a command that shall run in a node's network. */
  abstract inNode(node: string): Promise<readonly string[]>;
  /** Lets a node's kubelet stand still; what is returned lets it go on. */
  abstract stopKubelet(node: string): Promise<() => Promise<void>>;
  /** Runs a command among a node's files; answers what it wrote. */
  abstract onNode(node: string, ...command: string[]): Promise<string>;
  /** Where nodes and apiservers reach what a test serves on the host. */
  abstract readonly hostAddress: string;
  /** The apiserver's address as those who join are told it. */
  abstract serverToJoin(): Promise<string>;
  /** Tells nodes how a registry is talked to, in containerd's format. */
  abstract addRegistry(address: string, hosts: string): Promise<void>;
  /** One of the archives from which nodes have our own images, as a file of the host. */
  abstract imageArchive(name: string): Promise<string>;
  /** Where the scheduler's own server is. */
  abstract scheduler(): Promise<{ readonly host: string; readonly port: number }>;

  /** Which kubectl is used: the one on PATH unless a test says otherwise. */
  kubectlPath = 'kubectl';

  /** kubectl that must succeed. */
  kubectl(args: string, options: RunOptions = {}): Promise<string> {
    return must(this.kubectlPath, words(args), this.#with(options));
  }

  /** kubectl's home: what it remembers of another cluster at the same address is not for this one. */
  readonly #home = mkdtempSync(join(tmpdir(), 'navarch-kubectl-home-'));

  /** kubectl with its environment, for what must be started and watched. */
  get env(): Record<string, string> {
    return { KUBECONFIG: this.kubeconfig, HOME: this.#home };
  }

  /** What tests left outside of the cluster. */
  protected forget(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** kubectl whose failure is the point. */
  tryKubectl(args: string, options: RunOptions = {}): Promise<Output> {
    return run(this.kubectlPath, words(args), this.#with(options));
  }

  /** Where others reach a node: of a node of both families the address of the first. */
  async nodeIp(node: string): Promise<string> {
    const [first = ''] = (await this.kubectl(`get node ${node} -o 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}'`)).split(' ');
    return first;
  }

  /** Repeats until the check passes; the last failure is what a test shows. Not too often, and the longer the less: every kubectl takes a processor a quarter of a second from what is waited for. */
  async until<T>(check: () => Promise<T>, timeoutMs = 120_000): Promise<T> {
    const { value } = await eventually(async () => ({ value: await check() }), { timeoutMs, intervalMs: 200, maxIntervalMs: 1_000 });
    return value;
  }

  #with(options: RunOptions): RunOptions {
    return { ...options, env: { ...this.env, ...options.env } };
  }
}

/** A cluster of its own, run by the launcher as a user would run it. */
export class TestCluster extends RunningCluster {
  readonly kubeconfig: string;

  constructor(readonly name: string, private readonly options: readonly string[] = []) {
    super();
    this.kubeconfig = join(root, '.navarch', name, 'kubeconfig');
  }

  /** `npm run up`; returns what it printed. */
  async up(): Promise<string> {
    return must(process.execPath, [join(root, 'tools/launch.mjs'), 'up', '--name', this.name, ...this.options], { timeoutMs: 240_000 });
  }

  async down(...options: string[]): Promise<string> {
    this.forget();
    return must(process.execPath, [join(root, 'tools/launch.mjs'), 'down', '--name', this.name, ...options], { timeoutMs: 120_000 });
  }

  launcher(command: string, ...args: string[]): Promise<Output> {
    return run(process.execPath, [join(root, 'tools/launch.mjs'), command, '--name', this.name, ...args], { timeoutMs: 240_000 });
  }

  processes(): ProcessEntry[] {
    return (JSON.parse(readFileSync(join(root, '.navarch', this.name, 'processes.json'), 'utf8')) as { processes: ProcessEntry[] }).processes;
  }

  /** `kill -9` as an operator's worst day; resolves when the supervisor has it running again. */
  async kill(name: string): Promise<void> {
    const before = this.processes().find((entry) => entry.name === name);
    if (before?.pid === undefined) throw new Error(`${name} does not run`);
    process.kill(before.pid, 'SIGKILL');
    await this.until(() => {
      const now = this.processes().find((entry) => entry.name === name);
      if (now?.pid === undefined || now.pid === before.pid) throw new Error(`${name} has not come back`);
      return Promise.resolve();
    });
  }

  inNode(node: string): Promise<readonly string[]> {
    return Promise.resolve(['ip', 'netns', 'exec', `nv-${this.name}-${node}`]);
  }

  get #settings(): { readonly runtime: string; readonly subnet: number; readonly ports: { readonly scheduler: number } } {
    return JSON.parse(readFileSync(join(root, '.navarch', this.name, 'cluster.json'), 'utf8')) as never;
  }

  /** Its nodes see the files of the host. */
  onNode(_node: string, command = 'true', ...args: string[]): Promise<string> {
    return must(command, args);
  }

  get hostAddress(): string {
    const { runtime, subnet } = this.#settings;
    return runtime === 'containerd' ? `172.30.${subnet}.1` : '127.0.0.1';
  }

  async serverToJoin(): Promise<string> {
    return (await this.kubectl("config view -o 'jsonpath={.clusters[0].cluster.server}'")).trim();
  }

  addRegistry(address: string, hosts: string): Promise<void> {
    const dir = join(root, '.navarch', this.name, 'registries', address);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'hosts.toml'), hosts);
    return Promise.resolve();
  }

  imageArchive(name: string): Promise<string> {
    return Promise.resolve(join(root, '.navarch/.cache/images', name));
  }

  scheduler(): Promise<{ host: string; port: number }> {
    return Promise.resolve({ host: '127.0.0.1', port: this.#settings.ports.scheduler });
  }

  stopKubelet(node: string): Promise<() => Promise<void>> {
    const pid = this.processes().find((entry) => entry.name === `kubelet@${node}`)?.pid;
    if (pid === undefined) throw new Error(`no kubelet runs on ${node}`);
    process.kill(pid, 'SIGSTOP');
    return Promise.resolve(() => {
      process.kill(pid, 'SIGCONT');
      return Promise.resolve();
    });
  }
}

/** Splits like a shell would, with single and double quotes. */
export function words(text: string): string[] {
  return (text.match(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g) ?? []).map((word) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single: string | undefined, double: string | undefined) => single ?? double ?? ''),
  );
}
