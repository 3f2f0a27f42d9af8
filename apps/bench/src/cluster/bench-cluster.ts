import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import { ClusterPki, PkiFiles, type CertificateFiles } from '@navarch/pki';
import type { Target } from '../load/http-connection';
import { cpuSeconds } from './process-usage';

/** As the launcher's supervisor writes it. */
interface ProcessEntry {
  readonly name: string;
  readonly pid?: number;
  readonly startedAt: number;
  readonly restarts: number;
}

export interface ClusterOptions {
  readonly root: string;
  readonly name: string;
  /** Node's inspector can be opened in every process. */
  readonly inspectable: boolean;
  /** Nodes with real containers, which want root; none unless given. */
  readonly realNodes?: number;
  /** Further flags, as the launcher takes them: `app:--flag=value`. */
  readonly flags?: readonly string[];
}

/** Who sends the load: an ordinary user, so that every request is looked up in the RBAC rules. */
export const benchUser = 'navarch-bench';

/** Flags that keep nodes without kubelets alive, and give 1,000 of them no pod addresses, of which there are fewer. */
const nodelessFlags = ['controller-manager:--node-monitor-grace-period=24h', 'controller-manager:--node-startup-grace-period=24h', 'controller-manager:--allocate-node-cidrs=false'];

const asArguments = (flags: readonly string[]): string[] => flags.flatMap((flag) => ['--flag', flag]);

/** A cluster of its own, run by the launcher as a user would run it. */
export class BenchCluster {
  readonly name: string;
  readonly pki: PkiFiles;
  readonly #dir: string;

  constructor(private readonly options: ClusterOptions) {
    this.name = options.name;
    this.#dir = join(options.root, '.navarch', options.name);
    this.pki = new PkiFiles(join(this.#dir, 'pki'));
  }

  /** Starts it from nothing. @param onSpawn told when all processes are spawned, while they get ready */
  async up(signal: AbortSignal, onSpawn?: () => Promise<void>): Promise<void> {
    const child = this.#launcher(['up', ...this.#nodes()], signal);
    const ended = finish(child, 'up');
    try {
      if (onSpawn !== undefined) await Promise.race([this.#spawned(signal).then(onSpawn), ended]);
    } finally {
      await ended;
    }
  }

  #nodes(): string[] {
    const { realNodes, flags = [] } = this.options;
    if (realNodes !== undefined) return ['--runtime', 'containerd', '--nodes', String(realNodes), ...asArguments(flags)];
    return ['--runtime', 'simulated', '--nodes', '0', ...asArguments([...nodelessFlags, ...flags])];
  }

  /** Stops it and removes its state. Not ended by a signal: it is what a signal leads to. */
  async purge(): Promise<void> {
    await finish(this.#launcher(['down', '--purge']), 'down');
  }

  #launcher(args: readonly string[], signal?: AbortSignal): ChildProcess {
    const [command = '', ...rest] = args;
    return spawn(process.execPath, [join(this.options.root, 'apps/navarch/dist/main.js'), command, '--name', this.options.name, ...rest], {
      cwd: this.options.root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Any free port: SIGUSR1 then opens the inspector of whichever process is to be profiled.
      env: { ...process.env, ...(this.options.inspectable ? { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' } : {}) },
      ...(signal === undefined ? {} : { signal, killSignal: 'SIGTERM' as const }),
      // The terminal's ctrl-C is ours to handle: it must not kill the launcher halfway.
      detached: true,
    });
  }

  async #spawned(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        if (this.processes().some((entry) => entry.name === 'scheduler' && entry.pid !== undefined)) return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
      await systemClock.sleep(5, signal);
    }
  }

  processes(): ProcessEntry[] {
    return (JSON.parse(readFileSync(join(this.#dir, 'processes.json'), 'utf8')) as { processes: ProcessEntry[] }).processes;
  }

  pid(name: string): number {
    const pid = this.processes().find((entry) => entry.name === name)?.pid;
    if (pid === undefined) throw new Error(`${name} does not run`);
    return pid;
  }

  /** Processor seconds of every process so far. */
  cpu(): Record<string, number> {
    return Object.fromEntries(this.processes().map(({ name, pid }) => [name, pid === undefined ? Number.NaN : cpuSeconds(pid)]));
  }

  port(of: 'apiserver' | 'apiserverGrpc' | 'scheduler' | 'controllerManager' | 'etcdClient' | 'natsMonitor'): number {
    const { ports } = JSON.parse(readFileSync(join(this.#dir, 'cluster.json'), 'utf8')) as { ports: Record<string, number> };
    const port = ports[of];
    if (port === undefined) throw new Error(`the cluster has no port for ${of}`);
    return port;
  }

  log(process: string): string {
    return join(this.#dir, 'logs', `${process}.log`);
  }

  /** The apiserver, as the administrator. */
  admin(): Target {
    return this.#as(this.pki.admin);
  }

  /** The apiserver, as the user whom the load comes from. */
  async user(): Promise<Target> {
    const pki = new ClusterPki({ directory: this.pki.directory });
    return this.#as(await pki.ensureComponent('bench', { commonName: benchUser, usages: ['client auth'] }));
  }

  #as(files: CertificateFiles): Target {
    return { host: '127.0.0.1', port: this.port('apiserver'), ...readPair(files) };
  }

  /** Resolves when the processes have come to rest, or will not: leftovers of one measurement must not fall into the next. */
  async settle(signal: AbortSignal): Promise<void> {
    const deadline = systemClock.now() + settleWithinMs;
    let before = sum(this.cpu());
    while (systemClock.now() < deadline) {
      await systemClock.sleep(settleEveryMs, signal);
      const now = sum(this.cpu());
      if (now - before < (settleEveryMs / 1000) * restShare) return;
      before = now;
    }
  }
}

const settleWithinMs = 15_000;
const settleEveryMs = 1_000;
/** Of one processor. */
const restShare = 0.15;

const sum = (values: Record<string, number>): number => Object.values(values).reduce((total, value) => total + value, 0);

export function readPair(files: CertificateFiles): { ca: string; cert: string; key: string } {
  return { ca: readFileSync(files.ca, 'utf8'), cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') };
}

async function finish(child: ChildProcess, what: string): Promise<void> {
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(chunk));
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code !== 0) throw new Error(`the launcher's ${what} ended with ${String(code ?? signal)}\n${Buffer.concat(output).toString().slice(-2_000)}`);
}
