import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface EtcdMember {
  readonly endpoint: string;
  /** Ends it without a word, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on its data. */
  start(): Promise<void>;
}

export interface EtcdCluster {
  readonly members: readonly EtcdMember[];
  readonly endpoints: readonly string[];
  /** Ends all members and removes their data. */
  stop(): Promise<void>;
}

export interface EtcdClusterOptions {
  readonly size?: number;
  readonly flags?: readonly string[];
}

/** Real etcd members on free ports and a temporary directory. */
export async function startEtcdCluster({ size = 1, flags = [] }: EtcdClusterOptions = {}): Promise<EtcdCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'navarch-etcd-'));
  const ports = await freePorts(size * 2);
  const names = Array.from({ length: size }, (_, index) => `m${index}`);
  const peer = (index: number): string => `http://127.0.0.1:${String(ports[size + index])}`;
  const client = (index: number): string => `http://127.0.0.1:${String(ports[index])}`;
  const initial = names.map((name, index) => `${name}=${peer(index)}`).join(',');
  const members = names.map((name, index) => etcdMember(client(index), [
    '--name', name, '--data-dir', join(directory, name), '--logger', 'zap', '--log-level', 'error',
    '--listen-client-urls', client(index), '--advertise-client-urls', client(index),
    '--listen-peer-urls', peer(index), '--initial-advertise-peer-urls', peer(index),
    '--initial-cluster', initial, '--initial-cluster-token', directory,
    '--quota-backend-bytes=8589934592', '--max-request-bytes=8388608', ...flags,
  ]));
  await Promise.all(members.map((member) => member.start()));
  return {
    members,
    endpoints: members.map(({ endpoint }) => endpoint),
    stop: async () => {
      await Promise.all(members.map((member) => member.kill()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function etcdMember(endpoint: string, flags: readonly string[]): EtcdMember {
  let process: ChildProcess | undefined;
  return {
    endpoint,
    start: async () => {
      process = spawn('etcd', flags, { stdio: 'ignore' });
      await healthy(endpoint, process);
    },
    kill: async () => {
      const running = process;
      process = undefined;
      if (!running || running.exitCode !== null) return;
      const exited = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGKILL');
      await exited;
    },
  };
}

async function healthy(endpoint: string, process: ChildProcess): Promise<void> {
  while (process.exitCode === null) {
    const answer = await fetch(`${endpoint}/health`).then((response) => response.ok, () => false);
    if (answer) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`etcd exited with ${process.exitCode}`);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
