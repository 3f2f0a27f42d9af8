import { type ConformingApi, podOf, select, workloadOf } from './conforming-api';

/** [sig-api-machinery] Garbage collector */
export function garbageCollector(api: () => ConformingApi): void {
  const setOf = (name: string, replicas: number): object => workloadOf('ReplicaSet', name, { set: name }, { replicas });
  const made = async (namespace: string, name: string, replicas: number): Promise<{ set: string; pods: string }> => {
    const [sets, pods] = [`/apis/apps/v1/namespaces/${namespace}/replicasets`, `/api/v1/namespaces/${namespace}/pods`];
    await api().post(sets, setOf(name, replicas));
    await api().shows(`${sets}/${name}`, { status: { replicas } });
    return { set: `${sets}/${name}`, pods: `${pods}${select({ set: name })}` };
  };

  it('deletes pods after their owner', async () => {
    const { set, pods } = await made(await api().namespace(), 'background', 2);
    await api().delete(set, { propagationPolicy: 'Background' });
    await api().gone(set);
    await api().count(pods, 0);
  });

  it('orphans pods when it is told to', async () => {
    const { set, pods } = await made(await api().namespace(), 'orphan', 5);
    await api().call('DELETE', set, { propagationPolicy: 'Orphan' });
    await api().gone(set);
    const left = await api().list(pods);
    expect(left.map(({ metadata }) => metadata.ownerReferences)).toEqual(Array.from({ length: 5 }));
  });

  it('keeps an owner until its pods are deleted, but for those that have another', async () => {
    const namespace = await api().namespace();
    const going = await made(namespace, 'going', 6);
    const staying = await made(namespace, 'staying', 0);
    const { metadata: { uid } } = await api().get(staying.set);
    const pods = await api().list(going.pods);
    const kept = pods.slice(0, 3).map(({ metadata }) => metadata.name);
    for (const name of kept) {
      await api().patch(`/api/v1/namespaces/${namespace}/pods/${name}`, 'strategic', {
        metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'staying', uid }] },
      });
    }
    await api().call('DELETE', going.set, { propagationPolicy: 'Foreground' });
    await api().gone(going.set);
    const left = await api().list(going.pods);
    expect(left.map(({ metadata }) => metadata.name).sort()).toEqual(kept.sort());
    for (const { metadata } of left) expect(metadata).toMatchObject({ ownerReferences: [{ name: 'staying' }] });
  });

  it('is not blocked by a circle of owners', async () => {
    const path = `/api/v1/namespaces/${await api().namespace()}/pods`;
    const uids: string[] = [];
    for (const n of [1, 2, 3]) uids.push((await api().post(path, podOf(`pod${n}`))).metadata.uid);
    for (const [of, owner] of [[1, 3], [2, 1], [3, 2]] as const) {
      await api().patch(`${path}/pod${of}`, 'strategic', {
        metadata: {
          ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: `pod${owner}`, uid: uids[owner - 1], controller: true, blockOwnerDeletion: true }],
        },
      });
    }
    await api().call('DELETE', `${path}/pod1`, { propagationPolicy: 'Foreground' });
    await api().count(path, 0);
  });
}
