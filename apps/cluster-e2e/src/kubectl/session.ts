import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningCluster, words } from '../harness/cluster';
import type { Kubectl } from '../harness/kubectls';
import { must, type Output, run, type RunOptions } from '../harness/shell';

/** One kubectl at work in a namespace of its own. */
export class KubectlSession {
  readonly namespace: string;
  readonly minor: number;
  private readonly folder = mkdtempSync(join(tmpdir(), 'navarch-kubectl-'));

  constructor(
    readonly cluster: RunningCluster,
    readonly kubectl: Kubectl,
  ) {
    this.namespace = `with-${kubectl.version.replace('.', '-')}`;
    this.minor = Number(kubectl.version.split('.')[1]);
  }

  get env(): Record<string, string> {
    return this.cluster.env;
  }

  /** kubectl that must succeed, in the session's namespace. */
  run(args: string, options: RunOptions = {}): Promise<string> {
    return must(this.kubectl.path, this.#words(args), { ...options, env: { ...this.env, ...options.env } });
  }

  /** kubectl whose failure is the point. */
  try(args: string, options: RunOptions = {}): Promise<Output> {
    return run(this.kubectl.path, this.#words(args), { ...options, env: { ...this.env, ...options.env } });
  }

  /** A name that no other version uses, for what has no namespace. */
  name(base: string): string {
    return `${base}-${this.namespace}`;
  }

  /** Makes a file for kubectl to read; answers its path. */
  file(name: string, content: string): string {
    const path = this.path(name);
    writeFileSync(path, content);
    return path;
  }

  /** A path in a folder of its own, where nothing is yet. */
  path(name: string): string {
    return join(this.folder, name);
  }

  until<T>(check: () => Promise<T>): Promise<T> {
    return this.cluster.until(check);
  }

  /** Fails with what was read. */
  async get(jsonpath: string, what: string): Promise<string> {
    return this.run(`get ${what} -o 'jsonpath=${jsonpath}'`);
  }

  #words(args: string): string[] {
    return ['-n', this.namespace, ...words(args)];
  }
}

/** Shows that a command of kubectl works, from nothing but the shared deployment `web`. */
export type CommandCheck = (session: KubectlSession) => Promise<void>;
export type CommandChecks = Readonly<Record<string, CommandCheck>>;

const IMAGE = 'navarch.local/web:1';

/** What the checks of a session start from. */
export async function prepare(session: KubectlSession): Promise<void> {
  await session.run(`create namespace ${session.namespace}`);
  await session.run(`create deployment web --image=${IMAGE}`);
  await session.run('scale deployment web --replicas=2');
  await session.run('rollout status deployment/web --timeout=180s');
}

/** A pod of the shared deployment. */
export async function webPod(session: KubectlSession): Promise<string> {
  const names = (await session.run('get pods -l app=web --field-selector=status.phase=Running -o name')).trim().split('\n');
  return (names[0] ?? '').replace('pod/', '');
}

/** A deployment of a check's own. */
export async function deployment(session: KubectlSession, name: string): Promise<void> {
  await session.run(`create deployment ${name} --image=${IMAGE}`);
}
