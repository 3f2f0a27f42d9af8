import type { RunningCluster } from '../harness/cluster';

/** What a cluster with nodes `node-1` and `node-2` promises whose scheduler asks examples/scheduler-plugin, a process of its own, for pods that name the scheduler `rooms`. */
export function schedulerPlugin(cluster: RunningCluster): void {
  const inRoom = (name: string, room: string): Promise<string> =>
    cluster.kubectl('apply -f -', {
      input: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, annotations: { 'example.com/room': room } },
        spec: { schedulerName: 'rooms', containers: [{ name: 'main', image: 'navarch.local/web:1' }] },
      }),
    });

  it('asks a plug-in in another process, and tells its reasons', async () => {
    await cluster.kubectl('label node node-2 example.com/room=cold');
    await inRoom('chilled', 'cold');
    await inRoom('soaked', 'wet');
    await cluster.until(async () => expect(await cluster.kubectl('get pod chilled -o jsonpath={.spec.nodeName}')).toBe('node-2'));
    await cluster.until(async () =>
      expect(await cluster.kubectl(`get pod soaked -o 'jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}'`)).toContain(
        '0/2 nodes are available: 2 node(s) were not in room wet.',
      ),
    );
    await cluster.kubectl('delete pod chilled soaked --grace-period=0 --force');
    await cluster.kubectl('label node node-2 example.com/room-');
  });
}
