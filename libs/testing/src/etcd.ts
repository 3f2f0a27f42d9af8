import { freePort } from './free-port';
import { LaunchedProcess, withFreshPorts } from './launched-process';
import { makeTempDir } from './temp-dir';

/** A real etcd with one member, on a free port, in a directory of its own. */
export interface TestEtcd extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
  readonly process: LaunchedProcess;
  /** Starts it again on the same port and data, after `process.stop`. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface EtcdOptions {
  /** Flags added to the usual ones. */
  readonly flags?: readonly string[];
}

/** Starts etcd with the limits that the product runs it with. */
export async function startEtcd(options: EtcdOptions = {}): Promise<TestEtcd> {
  const directory = await makeTempDir();
  return withFreshPorts(async () => {
    const [port, peerPort] = [await freePort(), await freePort()];
    const endpoint = `http://127.0.0.1:${port}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    const etcd = new LaunchedProcess('etcd', [
      '--name=test', `--data-dir=${directory.path}`,
      `--listen-client-urls=${endpoint}`, `--advertise-client-urls=${endpoint}`,
      `--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=test=${peer}`,
      '--quota-backend-bytes=8589934592', '--max-request-bytes=8388608', '--logger=zap', '--log-level=error', '--unsafe-no-fsync',
      ...(options.flags ?? []),
    ]);
    const stop = async (): Promise<void> => {
      await etcd.stop();
      await directory.remove();
    };
    await etcd.start(port);
    return { endpoint, port, process: etcd, restart: () => etcd.start(port), stop, [Symbol.asyncDispose]: stop };
  });
}
