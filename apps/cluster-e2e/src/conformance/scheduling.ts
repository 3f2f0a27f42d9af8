import { type ConformingApi, conditionsOf, image, podOf, workloadOf } from './conforming-api';

/** [sig-scheduling] */
export function scheduling(api: () => ConformingApi): void {
  const resource = 'example.com/conformance';
  const setCapacity = async (value: string | null): Promise<void> => {
    for (const { metadata: { name } } of await api().list('/api/v1/nodes')) {
      await api().patch(`/api/v1/nodes/${name}/status`, 'merge', { status: { capacity: { [resource]: value }, allocatable: { [resource]: value } } });
      if (value !== null) await api().shows(`/api/v1/nodes/${name}`, { status: { allocatable: { [resource]: value } } });
    }
  };
  const asking = (amount: string): object => ({ containers: [{ name: 'main', image, resources: { requests: { [resource]: amount }, limits: { [resource]: amount } } }] });
  const priorities = async (namespace: string, values: readonly number[]): Promise<(value: number) => string> => {
    const nameOf = (value: number): string => `${namespace}-${value}`;
    for (const value of values) await api().post('/apis/scheduling.k8s.io/v1/priorityclasses', { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: nameOf(value) }, value });
    return nameOf;
  };

  afterEach(() => setCapacity(null));

  it('preempts a pod of lower priority, and says so in its conditions', async () => {
    const namespace = await api().namespace();
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const priority = await priorities(namespace, [1, 1000]);
    await setCapacity('5');
    const low = (name: string): object => podOf(name, { ...asking('3'), priorityClassName: priority(1) }, { finalizers: ['example.com/test-finalizer'] });
    for (const name of ['low-1', 'low-2']) await api().post(path, low(name));
    for (const name of ['low-1', 'low-2']) await api().shows(`${path}/${name}`, { status: { phase: 'Running' } });
    await api().post(path, podOf('high', { ...asking('3'), priorityClassName: priority(1000) }));
    await api().shows(`${path}/high`, { status: { phase: 'Running' } });
    const victims = (await api().list(path)).filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    expect(victims).toHaveLength(1);
    expect(victims.flatMap(conditionsOf)).toContainEqual(expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }));
    for (const name of ['low-1', 'low-2']) await api().patch(`${path}/${name}`, 'merge', { metadata: { finalizers: null } });
    // The next test counts on all of the nodes' room.
    await api().delete(`/api/v1/namespaces/${namespace}`);
    await api().gone(`/api/v1/namespaces/${namespace}`);
  });

  it('preempts ReplicaSets in the order of their priority', async () => {
    const namespace = await api().namespace();
    const path = `/apis/apps/v1/namespaces/${namespace}/replicasets`;
    const priority = await priorities(namespace, [1, 2, 3, 4]);
    await setCapacity('1k');
    const node = { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } };
    const set = async (value: number, replicas: number): Promise<void> => {
      await api().post(path, workloadOf('ReplicaSet', `set-${value}`, { set: String(value) }, { replicas }, { ...node, ...asking('200'), priorityClassName: priority(value) }));
      await api().shows(`${path}/set-${value}`, { status: { availableReplicas: replicas } });
    };
    await set(1, 5);
    await set(2, 1);
    await set(3, 2);
    await api().post(`/api/v1/namespaces/${namespace}/pods`, podOf('highest', { ...node, ...asking('500'), priorityClassName: priority(4) }));
    await api().shows(`/api/v1/namespaces/${namespace}/pods/highest`, { status: { phase: 'Running' } });
    await api().shows(`${path}/set-3`, { status: { availableReplicas: 2 } });
    await api().until(async () => expect((await api().get(`${path}/set-1`)).status['availableReplicas']).toBeUndefined());
  });

  it('places pods of one host port beside each other where address or protocol differ, and no others', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}/pods`;
    const pod = (name: string, hostIP: string, protocol: string): object =>
      podOf(name, {
        nodeSelector: { 'kubernetes.io/hostname': 'node-1' },
        containers: [{ name: 'main', image, ports: [{ containerPort: 80, hostPort: 54323, hostIP, protocol }] }],
      });
    for (const [name, ip, protocol] of [['a', '127.0.0.1', 'TCP'], ['b', '127.0.0.2', 'TCP'], ['c', '127.0.0.2', 'UDP']] as const) await api().post(path, pod(name, ip, protocol));
    for (const name of ['a', 'b', 'c']) await api().shows(`${path}/${name}`, { spec: { nodeName: 'node-1' } });
    await api().post(path, pod('d', '127.0.0.1', 'TCP'));
    const refused = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: expect.stringContaining("1 node(s) didn't have free ports for the requested pod ports") as string };
    await api().until(async () => expect(conditionsOf(await api().get(`${path}/d`))).toContainEqual(expect.objectContaining(refused)));
  });
}
