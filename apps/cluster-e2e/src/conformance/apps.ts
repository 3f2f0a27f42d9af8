import { type ConformingApi, condition, conditionsOf, image, podOf, select, workloadOf } from './conforming-api';

/** [sig-apps] */
export function apps(api: () => ConformingApi): void {
  const place = async (resource: string): Promise<{ path: string; pods: string; namespace: string }> => {
    const namespace = await api().namespace();
    return { namespace, path: `/apis/apps/v1/namespaces/${namespace}/${resource}`, pods: `/api/v1/namespaces/${namespace}/pods` };
  };

  it('manages the life of a ControllerRevision', async () => {
    const { namespace, path } = await place('daemonsets');
    const revisions = `/apis/apps/v1/namespaces/${namespace}/controllerrevisions`;
    const labels = { daemonset: 'e2e' };
    await api().post(path, workloadOf('DaemonSet', 'e2e', labels, {}));
    await api().until(async () => {
      const { status } = await api().get(`${path}/e2e`);
      expect([status['numberReady'], (status['numberReady'] as number) > 0]).toEqual([status['desiredNumberScheduled'], true]);
    });
    // Whoever looks after this one has looked at the other after all that happened to it.
    await api().post(path, workloadOf('DaemonSet', 'later', { daemonset: 'later' }, {}));
    await api().shows(`${path}/later`, { status: { observedGeneration: 1 } });
    const [first] = await api().count(`${revisions}${select(labels)}`, 1);
    const { metadata: { name, ownerReferences }, data } = first as unknown as { metadata: { name: string; ownerReferences: object[] }; data: object };
    await api().post(revisions, { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name: 'another', labels, ownerReferences }, data, revision: 2 });
    await api().count(`${revisions}${select(labels)}`, 2);
    await api().delete(`${revisions}/${name}`);
    const [left] = await api().count(`${revisions}${select(labels)}`, 1);
    await api().patch(`${revisions}/${left?.metadata.name ?? ''}`, 'merge', { metadata: { labels: { old: 'true' } } });
    await api().patch(`${path}/e2e`, 'strategic', { spec: { template: { spec: { terminationGracePeriodSeconds: 1 } } } });
    await api().count(`${revisions}${select(labels)}`, 2);
    await api().delete(`${revisions}${select({ old: 'true' })}`);
    expect(await api().count(`${revisions}${select(labels)}`, 1)).toMatchObject([{ revision: 3 }]);
  });

  it('runs and stops a DaemonSet by the labels of nodes, and replaces a pod that failed', async () => {
    const { namespace, path, pods } = await place('daemonsets');
    const key = `color-${namespace}`;
    const color = (value: string | null): Promise<unknown> => api().patch('/api/v1/nodes/node-1', 'merge', { metadata: { labels: { [key]: value } } });
    await api().post(path, workloadOf('DaemonSet', 'complex', { app: 'complex' }, {}, { nodeSelector: { [key]: 'blue' } }));
    await api().shows(`${path}/complex`, { status: { observedGeneration: 1, desiredNumberScheduled: 0 } });
    await color('blue');
    await api().shows(`${path}/complex`, { status: { numberReady: 1 } });
    await color('green');
    await api().count(pods, 0);
    await api().patch(`${path}/complex`, 'strategic', { spec: { template: { spec: { nodeSelector: { [key]: 'green' } } } } });
    const [pod] = await api().count(pods, 1);
    await api().shows(`${path}/complex`, { status: { numberReady: 1 } });
    await api().update(`${pods}/${pod?.metadata.name ?? ''}`, (object) => ({ ...object, status: { ...object.status, phase: 'Failed' } }), `${pods}/${pod?.metadata.name ?? ''}/status`);
    await api().until(async () => {
      const now = await api().list(pods);
      expect(now.map(({ metadata: { uid }, status }) => [uid === pod?.metadata.uid, status['phase']])).toEqual([[false, 'Running']]);
    });
    await color(null);
  });

  it('completes the life of a Deployment', async () => {
    const { path } = await place('deployments');
    const labels = { 'test-deployment-static': 'true' };
    const { events, stop } = await api().watch(`${path}${select(labels)}`);
    await api().post(path, workloadOf('Deployment', 'test', labels, { replicas: 2 }));
    await api().shows(`${path}/test`, { status: { readyReplicas: 2, availableReplicas: 2 } });
    await api().patch(`${path}/test`, 'strategic', {
      metadata: { labels: { more: 'patched' } },
      spec: { replicas: 1, template: { spec: { containers: [{ name: 'main', image: 'navarch.local/app:2' }] } } },
    });
    await api().shows(`${path}/test`, { metadata: { labels: { more: 'patched' } }, status: { replicas: 1, readyReplicas: 1, updatedReplicas: 1 } });
    expect(await api().get(`${path}/test/scale`)).toMatchObject({ kind: 'Scale', spec: { replicas: 1 }, status: { selector: 'test-deployment-static=true' } });
    await api().update(`${path}/test/status`, (object) => ({ ...object, status: { ...object.status, conditions: [...conditionsOf(object), condition('StatusUpdate')] } }));
    await api().sees(events, {
      type: 'MODIFIED',
      object: expect.objectContaining({
        status: expect.objectContaining({ conditions: expect.arrayContaining([expect.objectContaining({ type: 'StatusUpdate' })]) as unknown }) as unknown,
      }) as unknown,
    });
    await api().delete(`${path}${select(labels)}`);
    await api().sees(events, { type: 'DELETED' });
    stop();
  });

  it('says in the status of a ReplicationController that a quota stands in its way', async () => {
    const namespace = await api().namespace();
    const [quotas, path] = [`/api/v1/namespaces/${namespace}/resourcequotas`, `/api/v1/namespaces/${namespace}/replicationcontrollers`];
    await api().post(quotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'two' }, spec: { hard: { pods: '2' } } });
    await api().shows(`${quotas}/two`, { status: { hard: { pods: '2' } } });
    await api().post(path, {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'three' },
      spec: {
        replicas: 3,
        selector: { app: 'three' },
        template: { metadata: { labels: { app: 'three' } }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image }] } },
      },
    });
    await api().shows(`${path}/three`, { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' }] } });
    await api().patch(`${path}/three`, 'merge', { spec: { replicas: 2 } });
    await api().until(async () => expect(conditionsOf(await api().get(`${path}/three`))).toEqual([]));
  });

  it('lets a Job adopt what was orphaned, and release what is no longer its own', async () => {
    const namespace = await api().namespace();
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    await api().post(`/apis/batch/v1/namespaces/${namespace}/jobs`, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'job' },
      spec: {
        parallelism: 2,
        completions: 4,
        template: { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image }] } },
      },
    });
    const [pod] = await api().count(pods, 2);
    const path = `${pods}/${pod?.metadata.name ?? ''}`;
    await api().shows(path, { status: { phase: 'Running' } });
    await api().patch(path, 'json', [{ op: 'remove', path: '/metadata/ownerReferences' }]);
    await api().shows(path, { metadata: { ownerReferences: [{ kind: 'Job', name: 'job' }] } });
    await api().patch(path, 'json', [{ op: 'replace', path: '/metadata/labels', value: null }]);
    await api().until(async () => expect((await api().get(path)).metadata.ownerReferences).toBeUndefined());
  });

  it('replaces, scales and patches a ReplicaSet, which releases what no longer matches', async () => {
    const { path, pods } = await place('replicasets');
    await api().post(path, workloadOf('ReplicaSet', 'set', { app: 'set' }, { replicas: 1 }));
    await api().shows(`${path}/set`, { status: { readyReplicas: 1 } });
    await api().update(`${path}/set/scale`, (scale) => ({ ...scale, metadata: { ...scale.metadata, resourceVersion: '' }, spec: { replicas: 2 } }));
    await api().patch(`${path}/set/scale`, 'strategic', { spec: { replicas: 3 } });
    await api().shows(`${path}/set`, { status: { readyReplicas: 3 } });
    const [pod] = await api().list(pods);
    const released = `${pods}/${pod?.metadata.name ?? ''}`;
    await api().patch(released, 'strategic', { metadata: { labels: { app: 'other' } } });
    await api().until(async () => expect((await api().get(released)).metadata.ownerReferences).toBeUndefined());
    await api().shows(`${path}/set`, { status: { readyReplicas: 3 } });
  });

  it('recreates a pod of a StatefulSet that its node refused', async () => {
    const { path, pods } = await place('statefulsets');
    const containers = [{ name: 'main', image, ports: [{ containerPort: 21017, hostPort: 21017 }] }];
    await api().post(pods, podOf('in-the-way', { nodeName: 'node-1', containers }));
    await api().shows(`${pods}/in-the-way`, { status: { phase: 'Running' } });
    const { events, stop } = await api().watch(`${pods}${select({ app: 'set' })}`);
    await api().post(path, workloadOf('StatefulSet', 'set', { app: 'set' }, { replicas: 1, serviceName: 'none' }, { nodeName: 'node-1', containers }));
    await api().sees(events, { type: 'DELETED', object: expect.objectContaining({ status: expect.objectContaining({ phase: 'Failed' }) as unknown }) as unknown });
    stop();
    await api().delete(`${pods}/in-the-way`, { gracePeriodSeconds: 0 });
    await api().shows(`${pods}/set-0`, { status: { phase: 'Running' } });
  });

  it('blocks an eviction until the PodDisruptionBudget allows it', async () => {
    const namespace = await api().namespace();
    const [budget, pods] = [`/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`, `/api/v1/namespaces/${namespace}/pods`];
    await api().post(budget, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'budget' }, spec: { selector: { matchLabels: { app: 'kept' } }, minAvailable: 2 } });
    for (const name of ['a', 'b']) await api().post(pods, podOf(name, {}, { labels: { app: 'kept' } }));
    await api().shows(`${budget}/budget`, { status: { currentHealthy: 2, disruptionsAllowed: 0 } });
    const evict = (code: number): Promise<object> => api().expect(code, 'POST', `${pods}/a/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a', namespace } });
    expect(await evict(429)).toMatchObject({ reason: 'TooManyRequests', details: { causes: [{ reason: 'DisruptionBudget' }] } });
    await api().patch(`${budget}/budget`, 'merge', { spec: { minAvailable: 1 } });
    await api().until(() => evict(201));
  });
}
