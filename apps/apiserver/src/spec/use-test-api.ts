import { startEtcd, type TestEtcd } from '@navarch/testing';
import { RestClient, startTestApiserver, type TestApiserver } from '../testing';

export interface RunningApi {
  readonly etcd: TestEtcd;
  readonly server: TestApiserver;
  /** As the administrator. */
  readonly api: RestClient;
}

/** An apiserver with an etcd of its own while the tests of this file or block last; `begin` gets it before the first of them. */
export function useTestApi(begin: (running: RunningApi) => void | Promise<void>, flags: readonly string[] = []): void {
  let running: RunningApi;
  beforeAll(async () => {
    const etcd = await startEtcd();
    const server = await startTestApiserver({ etcd: etcd.endpoint, flags });
    running = { etcd, server, api: await RestClient.of(server) };
    await begin(running);
  }, 120_000);
  afterAll(async () => {
    const { api, server, etcd } = running;
    api.close();
    await server.stop();
    await etcd.stop();
  });
}
