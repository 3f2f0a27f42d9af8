import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '@navarch/clock';
import type { PkiFiles } from '@navarch/pki';
import { readPair } from '../cluster/bench-cluster';
import { HttpConnection, type Target } from '../load/http-connection';

const readyWithinMs = 60_000;

/**
 * An etcd that nobody else uses, with the cluster's certificates, on the same disk. It is asked through its HTTP gateway, so that the
 * same load generator speaks to it: single puts, as an API server without group commit would send them.
 */
export class BareEtcd {
  private constructor(private readonly child: ChildProcess, private readonly dir: string, readonly target: Target) {}

  static async start(dir: string, pki: PkiFiles, signal: AbortSignal): Promise<BareEtcd> {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const [clientPort, peerPort] = [await freePort(), await freePort()];
    const client = `https://127.0.0.1:${clientPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    const { cert, key, ca } = pki.etcd;
    const child = spawn('etcd', [
      '--name=bench', `--data-dir=${dir}`, `--listen-client-urls=${client}`, `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=bench=${peer}`,
      `--cert-file=${cert}`, `--key-file=${key}`, `--trusted-ca-file=${ca}`, '--client-cert-auth', '--logger=zap', '--log-level=error',
    ], { stdio: 'ignore', detached: true });
    const target = { host: '127.0.0.1', port: clientPort, ...readPair(pki.apiserverEtcdClient) };
    const started = new BareEtcd(child, dir, target);
    try {
      await started.#ready(signal);
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async #ready(signal: AbortSignal): Promise<void> {
    const deadline = systemClock.now() + readyWithinMs;
    for (;;) {
      try {
        (await HttpConnection.open(this.target)).close();
        return;
      } catch (error) {
        if (this.child.exitCode !== null || systemClock.now() > deadline) throw new Error('the etcd that is the reference did not start', { cause: error });
      }
      await systemClock.sleep(50, signal);
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Where nothing listens now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Where the reference's data go: beside the cluster's, which is the disk that counts. */
export const bareEtcdDir = (root: string, name: string): string => join(root, '.navarch', `${name}-etcd`);
