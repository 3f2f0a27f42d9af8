import { type EtcdCluster, startEtcdCluster } from '../spec/etcd-cluster';
import { silentLog } from '../spec/store-builders';
import { storeContract } from '../spec/store-contract';
import { EtcdStore } from './etcd-store';

describe.each(['grouped', 'single'] as const)('EtcdStore with %s transactions', (transactions) => {
  let etcd: EtcdCluster;
  beforeAll(async () => {
    etcd = await startEtcdCluster();
  });
  afterAll(() => etcd.stop());

  storeContract(() => Promise.resolve(new EtcdStore({ endpoints: etcd.endpoints, transactions }, { log: silentLog })), { oneKeyTransactions: transactions === 'single' });
});
