import { startEtcdCluster, type EtcdCluster } from '../spec/etcd-cluster';
import { StoreError } from '../store-error';
import { Members } from './members';

describe('members', () => {
  let etcd: EtcdCluster;

  beforeEach(async () => {
    etcd = await startEtcdCluster();
  });
  afterEach(() => etcd.stop());

  it('are asked one after the other, and the last one is told that it is the last: it has the longest to answer', async () => {
    const [endpoint = ''] = etcd.endpoints;
    const members = new Members({ endpoints: [endpoint, endpoint] });
    const asked: boolean[] = [];
    await expect(
      members.each((_, isLast) => {
        asked.push(isLast);
        return Promise.reject(new StoreError('timeout', 'too slow'));
      }),
    ).rejects.toThrow('too slow');
    expect(asked).toEqual([false, true]);
    members.close();
  });
});
