import { type ConformingApi, condition, conditionsOf, podOf, select } from './conforming-api';

/** [sig-api-machinery] */
export function apiMachinery(api: () => ConformingApi): void {
  it('applies a finalizer to a Namespace, and takes it away', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}`;
    const put = (finalizers: string[]): Promise<object> => api().update(path, (object) => ({ ...object, spec: { finalizers } }), `${path}/finalize`);
    expect(await put(['fake/e2e', 'kubernetes'])).toMatchObject({ spec: { finalizers: ['fake/e2e', 'kubernetes'] } });
    expect(await put(['kubernetes'])).toMatchObject({ spec: { finalizers: ['kubernetes'] } });
  });

  it('applies changes to the status of a Namespace', async () => {
    const status = `/api/v1/namespaces/${await api().namespace()}/status`;
    expect(await api().get(status)).toMatchObject({ status: { phase: 'Active' } });
    expect(
      await api().patch(status, 'merge', { metadata: { annotations: { e2e: 'patched' } }, status: { conditions: [condition('StatusPatch')] } }),
    ).toMatchObject({ metadata: { annotations: { e2e: 'patched' } }, status: { conditions: [{ type: 'StatusPatch' }] } });
    const updated = await api().update(status, (object) => ({ ...object, status: { ...object.status, conditions: [...conditionsOf(object), condition('StatusUpdate')] } }));
    expect(conditionsOf(updated)).toHaveLength(2);
  });

  it('removes all pods and Services with their Namespace', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}`;
    await api().post(`${path}/pods`, podOf('pod'));
    await api().post(`${path}/services`, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'service' }, spec: { ports: [{ port: 80 }] } });
    await api().shows(`${path}/pods/pod`, { status: { phase: 'Running' } });
    await api().delete(path);
    await api().gone(path);
  });

  it('captures the life of a pod in a ResourceQuota', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}`;
    const quota = `${path}/resourcequotas/quota`;
    await api().post(`${path}/resourcequotas`, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'quota' },
      spec: { hard: { pods: '5', cpu: '1', memory: '500Mi', configmaps: '2', 'ephemeral-storage': '50Gi', 'requests.example.com/dongle': '3' } },
    });
    await api().shows(quota, { status: { used: { pods: '0', configmaps: '1' } } });
    const pod = (name: string, requests: Record<string, string>): object =>
      podOf(name, {
        containers: [
          { name: 'main', image: 'navarch.local/app:1', resources: { requests, limits: { 'example.com/dongle': requests['example.com/dongle'] ?? '0' } } },
        ],
      });
    await api().post(`${path}/pods`, pod('fits', { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', 'example.com/dongle': '2' }));
    await api().shows(quota, { status: { used: { pods: '1', cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', 'requests.example.com/dongle': '2' } } });
    await api().expect(403, 'POST', `${path}/pods`, pod('too-large', { cpu: '600m', memory: '100Mi', 'ephemeral-storage': '1Gi' }));
    await api().expect(403, 'POST', `${path}/pods`, pod('too-many-dongles', { cpu: '1m', memory: '1Mi', 'ephemeral-storage': '1Gi', 'example.com/dongle': '2' }));
    await api().delete(`${path}/pods/fits`, { gracePeriodSeconds: 0 });
    await api().shows(quota, { status: { used: { pods: '0', cpu: '0', memory: '0', 'ephemeral-storage': '0', 'requests.example.com/dongle': '0' } } });
  });

  it('keeps ResourceQuotas of opposite scopes apart', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}`;
    const quotas = ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort'];
    for (const scope of quotas) {
      await api().post(`${path}/resourcequotas`, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: scope.toLowerCase() },
        spec: { hard: { pods: '5' }, scopes: [scope] },
      });
    }
    const used = (...expected: string[]): Promise<unknown> =>
      Promise.all(quotas.map((scope, i) => api().shows(`${path}/resourcequotas/${scope.toLowerCase()}`, { status: { used: { pods: expected[i] } } })));
    const containers = [{ name: 'main', image: 'navarch.local/app:1', resources: { requests: { cpu: '100m' } } }];
    await used('0', '0', '0', '0');
    await api().post(`${path}/pods`, podOf('plain'));
    await used('0', '1', '1', '0');
    await api().post(`${path}/pods`, podOf('with-deadline', { activeDeadlineSeconds: 3600, containers }));
    await used('1', '1', '1', '1');
    for (const name of ['plain', 'with-deadline']) await api().delete(`${path}/pods/${name}`, { gracePeriodSeconds: 0 });
    await used('0', '0', '0', '0');
  });

  it('returns chunks of lists, all of the first one\'s version', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}/podtemplates`;
    const names = Array.from({ length: 40 }, (_, i) => `template-${String(i).padStart(4, '0')}`);
    for (const name of names) {
      await api().post(path, {
        apiVersion: 'v1',
        kind: 'PodTemplate',
        metadata: { name },
        template: { metadata: { labels: { name } }, spec: { containers: [{ name: 'test', image: 'test2' }] } },
      });
    }
    const found: string[] = [];
    const versions = new Set<string>();
    let rest = '';
    do {
      const { items, metadata } = (await api().get(`${path}?limit=7&continue=${encodeURIComponent(rest)}`)) as unknown as {
        items: { metadata: { name: string } }[];
        metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
      };
      found.push(...items.map((item) => item.metadata.name));
      versions.add(metadata.resourceVersion);
      rest = metadata.continue ?? '';
      expect(metadata.remainingItemCount).toBe(rest === '' ? undefined : names.length - found.length);
    } while (rest !== '');
    expect(found).toEqual(names);
    expect(versions.size).toBe(1);
  });

  it('shows a watch that an object left its selection, and came back', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}/configmaps`;
    const labels = { watched: 'label-changed-and-restored' };
    const { events, stop } = await api().watch(`${path}${select(labels)}`);
    await api().post(path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map', labels } });
    const mutate = (mutation: string, to: object = {}): Promise<unknown> => api().patch(`${path}/map`, 'merge', { metadata: { labels: to }, data: { mutation } });
    await mutate('1');
    await mutate('1', { watched: 'wrong' });
    await mutate('2');
    await mutate('2', labels);
    await mutate('3');
    await api().delete(`${path}/map`);
    const seen = (): unknown => events.map(({ type, object }) => [type, (object as unknown as { data?: { mutation: string } }).data?.mutation]);
    await api().until(() => {
      expect(events).toHaveLength(6);
      return Promise.resolve();
    });
    expect(seen()).toEqual([['ADDED', undefined], ['MODIFIED', '1'], ['DELETED', '1'], ['ADDED', '2'], ['MODIFIED', '3'], ['DELETED', '3']]);
    stop();
  });
}
