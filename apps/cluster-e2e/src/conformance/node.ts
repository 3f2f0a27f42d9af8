import { type ConformingApi, podOf, select } from './conforming-api';

/** [sig-node], [sig-auth] and [sig-storage], as far as simulated containers show them. */
export function node(api: () => ConformingApi): void {
  it('runs through the life of a pod and its status', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}/pods`;
    const labels = { 'test-pod-static': 'true' };
    const { events, stop } = await api().watch(`${path}${select(labels)}`);
    await api().post(path, podOf('pod', {}, { labels }));
    await api().shows(`${path}/pod`, { metadata: { generation: 1 }, status: { phase: 'Running', observedGeneration: 1 } });
    await api().patch(`${path}/pod`, 'strategic', { metadata: { labels: { more: 'patched' } }, spec: { containers: [{ name: 'main', image: 'navarch.local/app:2' }] } });
    await api().shows(`${path}/pod`, { metadata: { generation: 2 }, status: { phase: 'Running', observedGeneration: 2, containerStatuses: [{ restartCount: 1, image: 'navarch.local/app:2' }] } });
    expect(await api().patch(`${path}/pod/status`, 'merge', { status: { message: 'Patched by e2e test', reason: 'E2E' } })).toMatchObject({
      status: { message: 'Patched by e2e test', reason: 'E2E' },
    });
    await api().delete(`${path}${select(labels)}`);
    await api().sees(events, { type: 'DELETED' });
    stop();
  });

  it('ends a pod whose deadline is set while it runs', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}/pods`;
    await api().post(path, podOf('pod'));
    await api().shows(`${path}/pod`, { status: { phase: 'Running' } });
    await api().patch(`${path}/pod`, 'merge', { spec: { activeDeadlineSeconds: 1 } });
    await api().shows(`${path}/pod`, { status: { phase: 'Failed', reason: 'DeadlineExceeded' } });
  });

  it('adds ephemeral containers by patch and by update', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}/pods`;
    await api().post(path, podOf('pod'));
    await api().shows(`${path}/pod`, { status: { phase: 'Running' } });
    const debug = (name: string): object => ({ name, image: 'navarch.local/app:1', imagePullPolicy: 'IfNotPresent', terminationMessagePolicy: 'File' });
    await api().patch(`${path}/pod/ephemeralcontainers`, 'strategic', { spec: { ephemeralContainers: [debug('first')] } });
    await api().shows(`${path}/pod`, { status: { ephemeralContainerStatuses: [{ name: 'first', state: { running: {} } }] } });
    await api().update(`${path}/pod/ephemeralcontainers`, (object) => ({
      ...object,
      spec: { ...object.spec, ephemeralContainers: [...(object.spec['ephemeralContainers'] as object[]), debug('second')] },
    }));
    await api().shows(`${path}/pod`, { status: { ephemeralContainerStatuses: [{ name: 'first' }, { name: 'second', state: { running: {} } }] } });
  });

  it('evicts by NoExecute taints, and not by one that is taken back in time', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}/pods`;
    const taint = { key: 'kubernetes.io/e2e-evict-taint-key', value: 'evict', effect: 'NoExecute' };
    const setTaints = (taints: object[]): Promise<object> => api().patch('/api/v1/nodes/node-2', 'merge', { spec: { taints } });
    const tolerates = (tolerationSeconds: number): object => ({ nodeName: 'node-2', tolerations: [{ ...taint, operator: 'Equal', tolerationSeconds }] });
    const running = { status: { phase: 'Running' } };
    await api().post(path, podOf('goes', { nodeName: 'node-2' }));
    await api().post(path, podOf('waits', tolerates(3)));
    await api().post(path, podOf('stays', tolerates(3600)));
    for (const name of ['goes', 'waits', 'stays']) await api().shows(`${path}/${name}`, running);
    try {
      await setTaints([taint]);
      await api().gone(`${path}/goes`);
      await api().gone(`${path}/waits`);
    } finally {
      await setTaints([]);
    }
    expect(await api().get(`${path}/stays`)).toMatchObject(running);
  });

  it('brings back the certificate of the cluster that a namespace has lost', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}/configmaps/kube-root-ca.crt`;
    const { metadata: { uid }, data } = (await api().until(() => api().get(path))) as unknown as { metadata: { uid: string }; data: object };
    await api().delete(path);
    await api().until(async () => expect((await api().get(path)).metadata.uid).not.toBe(uid));
    await api().patch(path, 'merge', { data: { 'ca.crt': 'changed' } });
    await api().shows(path, { data });
  });

  it('binds a claim to its volume, and takes changes of their status', async () => {
    const namespace = await api().namespace();
    const [volumes, claims] = ['/api/v1/persistentvolumes', `/api/v1/namespaces/${namespace}/persistentvolumeclaims`];
    const labels = { e2e: namespace };
    await api().post(volumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: namespace, labels },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        nfs: { server: '10.0.0.1', path: '/tmp' },
        claimRef: { namespace, name: 'claim' },
      },
    });
    await api().post(claims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'claim', labels },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Gi' } } },
    });
    await api().shows(`${claims}/claim`, { status: { phase: 'Bound' } });
    expect(await api().patch(`${volumes}/${namespace}/status`, 'strategic', { status: { message: 'StatusPatched', reason: 'E2E' } })).toMatchObject({
      status: { phase: 'Bound', message: 'StatusPatched' },
    });
    await api().delete(`${claims}${select(labels)}`);
    await api().count(claims, 0);
    await api().delete(`${volumes}${select(labels)}`);
    await api().count(`${volumes}${select(labels)}`, 0);
  });

  it('leaves a VolumeAttachment to whoever made it', async () => {
    const path = '/apis/storage.k8s.io/v1/volumeattachments';
    await api().post(path, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name: 'e2e' },
      spec: { attacher: 'e2e-test.storage.k8s.io', nodeName: 'no-such-node', source: { persistentVolumeName: 'no-such-volume' } },
    });
    await api().patch(`${path}/e2e/status`, 'merge', { status: { attached: true } });
    await api().update(`${path}/e2e/status`, (object) => ({ ...object, status: { attached: false } }));
    await api().delete(`${path}/e2e`);
    await api().gone(`${path}/e2e`);
  });
}
