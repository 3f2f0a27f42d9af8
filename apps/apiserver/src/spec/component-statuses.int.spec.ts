import type { RestClient } from '../testing';
import { useTestApi } from './use-test-api';

const path = '/api/v1/componentstatuses';

interface Status { readonly metadata: object; readonly conditions: readonly { readonly status: string; readonly message: string }[] }

describe('component statuses', () => {
  let api: RestClient;
  useTestApi((running) => void ({ api } = running));

  it('are looked up when they are asked for, and have no version', async () => {
    const { code, body } = await api.get<{ items: Status[] }>(path);
    expect(code).toBe(200);
    expect(body.items.map(({ metadata, conditions }) => [metadata, conditions[0]?.status, conditions[0]?.message])).toEqual([
      [{ name: 'controller-manager' }, 'False', 'nobody has been elected'], [{ name: 'etcd-0' }, 'True', 'ok'], [{ name: 'scheduler' }, 'False', 'nobody has been elected'],
    ]);
  });

  it('are followed by elections', async () => {
    const lease = { metadata: { name: 'kube-scheduler' }, spec: { holderIdentity: 'one', leaseDurationSeconds: 3600, renewTime: `${new Date().toISOString().slice(0, -1)}000Z` } };
    expect((await api.post('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases', lease)).code).toBe(201);
    expect((await api.get<Status>(`${path}/scheduler`)).body.conditions[0]?.message).toBe('ok');
  });

  it('are found by name, as a table, and not made by anybody', async () => {
    expect((await api.get<{ items: Status[] }>(`${path}?fieldSelector=metadata.name%3Detcd-0`)).body.items).toHaveLength(1);
    expect((await api.get(`${path}/etcd-1`)).body).toMatchObject({ code: 404, message: 'componentstatuses "etcd-1" not found' });
    const table = await api.get<{ rows: { cells: string[] }[] }>(path, { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(table.body.rows.map(({ cells }) => cells.slice(0, 3))).toContainEqual(['etcd-0', 'Healthy', 'ok']);
    expect((await api.post(path, { metadata: { name: 'mine' } })).code).toBe(405);
  });
});
