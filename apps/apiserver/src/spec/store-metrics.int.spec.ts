import { eventually, startEtcd } from '@navarch/testing';
import { RestClient, startTestApiserver } from '../testing';

const maps = '/api/v1/namespaces/default/configmaps';

it('metrics tell what etcd is asked, how large it is, and of the changes of each resource', async () => {
  const etcd = await startEtcd();
  const server = await startTestApiserver({ etcd: etcd.endpoint });
  const api = await RestClient.of(server);
  const metric = async (name: string): Promise<number> => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec((await api.get('/metrics')).raw.toString())?.[1]);
  const size = 'apiserver_storage_size_bytes\\{storage_cluster_id="etcd-0"\\}';
  const received = 'apiserver_storage_events_received_total\\{group="",resource="configmaps"\\}';
  await api.post(maps, { metadata: { name: 'first' } });
  await eventually(async () => (await metric(received)) > 0);
  const [before, empty] = [await metric(received), await metric(size)];
  expect(empty).toBeGreaterThan(0);
  for (let i = 0; i < 8; i++) expect((await api.post(maps, { metadata: { name: `m${i}` }, data: { a: 'x'.repeat(900_000) } })).code).toBe(201);
  expect((await api.delete(`${maps}/m0`)).code).toBe(200);
  await eventually(async () => (await metric(received)) === before + 9);
  await eventually(async () => (await metric(size)) > empty);
  const asked = (name: string, operation: string): Promise<number> => metric(`${name}\\{operation="${operation}",group="",resource=""\\}`);
  const transactions = await asked('etcd_requests_total', 'txn');
  expect(transactions).toBeGreaterThanOrEqual(10); // nine creates one after the other, and a delete
  expect(await asked('etcd_request_duration_seconds_count', 'txn')).toBeGreaterThanOrEqual(transactions);
  expect(await asked('etcd_request_errors_total', 'txn')).toBeNaN();
  await etcd.stop();
  expect((await api.post(maps, { metadata: { name: 'unheard' } })).code).toBeGreaterThanOrEqual(500);
  expect(await asked('etcd_request_errors_total', 'txn')).toBeGreaterThan(0);
  expect((await api.get('/metrics')).code).toBe(200);
  expect(await metric(size)).toBeNaN();
  api.close();
  await server.stop();
}, 60_000);
