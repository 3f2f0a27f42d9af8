import { startEtcd } from '@navarch/testing';
import { RestClient } from './rest-client';
import { startTestApiserver } from './start-test-apiserver';

/** An apiserver by itself on an etcd of its own, with a client, and with what a controller would make before a pod can be. */
export interface TestApi {
  readonly api: RestClient;
  stop(): Promise<void>;
}

export async function startTestApi(flags: readonly string[] = []): Promise<TestApi> {
  const etcd = await startEtcd();
  const server = await startTestApiserver({ etcd: etcd.endpoint, flags });
  const api = await RestClient.of(server);
  await api.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  return {
    api,
    stop: async () => {
      api.close();
      await server.stop();
      await etcd.stop();
    },
  };
}
