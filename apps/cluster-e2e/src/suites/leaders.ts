import type { ApiClient } from '../harness/api-client';
import type { TestCluster } from '../harness/cluster';
import { useNamespace } from '../harness/use-namespace';
import { WatchRecord } from '../harness/watch-record';

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly image: string }[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const isWhole = ({ metadata, status }: Pod): boolean => metadata.deletionTimestamp === undefined && status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;

/**
 * Those who lead are killed in the middle of something: a StatefulSet on its way from one revision to the next, and a preemption whose victims have not gone yet.
 * @param goesOn passes when a cluster does again what it does for everybody
 */
export function leaders(cluster: TestCluster, api: () => ApiClient, goesOn: () => Promise<void>): void {
  const namespace = 'leaders';
  const { kubectl, apply } = useNamespace(cluster, namespace);
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const replicas = 4;
  const [one, two] = ['navarch.local/app:1', 'navarch.local/app:2'];

  const podSpec = (node: string, more: object = {}, resources: object = {}): object => ({
    terminationGracePeriodSeconds: 1,
    nodeSelector: { 'kubernetes.io/hostname': node },
    containers: [{ name: 'main', image: one, resources }],
    ...more,
  });
  const workload = (kind: string, name: string, spec: object, template: object): object => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: { ...spec, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: template } },
  });

  const list = async (labels: string): Promise<Pod[]> => (JSON.parse((await api().call('GET', `${path}?labelSelector=${labels}`)).text) as { items: Pod[] }).items;
  const uids = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.uid).sort();

  it('kill -9 of those who lead stops their work only until their leases are over; what they had begun goes on where it was, nothing twice and nothing forgotten', async () => {
    const cpus = Number(await kubectl('get node node-1 -o jsonpath={.status.allocatable.cpu}'));
    const quarter = (app: string, index: number, more: object = {}): object => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${app}-${index}`, labels: { app } },
      spec: podSpec('node-1', more, { requests: { cpu: `${cpus * 250}m` } }),
    });
    await apply(
      { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'before-others' }, value: 1000 },
      workload('StatefulSet', 'ordered', { serviceName: 'ordered', replicas, podManagementPolicy: 'Parallel' }, podSpec('node-1')),
      ...[1, 2, 3, 4].map((index) => quarter('small', index)),
    );
    await cluster.until(async () => expect([...await list('app=ordered'), ...await list('app=small')].filter(isWhole)).toHaveLength(2 * replicas));
    const [before, small] = [await list('app=ordered'), await list('app=small')];

    const record = await WatchRecord.open<Pod>(api(), path);
    // A kubelet that stands still keeps what shall go: neither is over before it goes on.
    const resume = await cluster.stopKubelet('node-1');
    const goes = (name: RegExp): Promise<void> => cluster.until(() => {
      if (!record.events.some(({ object: { metadata } }) => name.test(metadata.name) && metadata.deletionTimestamp !== undefined)) throw new Error(`none of ${name.source} goes yet`);
      return Promise.resolve();
    });
    try {
      await Promise.all([kubectl(`set image statefulset/ordered main=${two}`), apply(...[1, 2].map((index) => quarter('urgent', index, { priorityClassName: 'before-others' })))]);
      await goes(/^ordered/);
      await goes(/^small/);
      await Promise.all([cluster.kill('controller-manager'), cluster.kill('scheduler')]);
      // Once this has a pod that runs, those who lead now have looked at all that there was before.
      await apply(workload('Deployment', 'afterwards', {}, podSpec('node-2')));
      await kubectl('rollout status deployment/afterwards --timeout=180s');
    } finally {
      await resume();
    }
    await goesOn();
    await kubectl('rollout status statefulset/ordered --timeout=180s');
    await kubectl('wait pod -l app=urgent --for=condition=Ready --timeout=180s');
    await record.stop();

    // In order, from the last, each once; and never two of them away.
    const made = record.events.filter(({ type, object }) => type === 'ADDED' && object.spec.containers[0]?.image === two).map(({ object }) => object);
    expect(made.map(({ metadata }) => metadata.name)).toEqual(['ordered-3', 'ordered-2', 'ordered-1', 'ordered-0']);
    expect(uids(await list('app=ordered'))).toEqual(uids(made));
    const now = new Map(before.map((pod) => [pod.metadata.name, pod]));
    for (const { type, object } of record.events.filter(({ object }) => object.metadata.name.startsWith('ordered'))) {
      if (type === 'DELETED') now.delete(object.metadata.name);
      else now.set(object.metadata.name, object);
      expect([...now.values()].filter(isWhole).length).toBeGreaterThanOrEqual(replicas - 1);
    }

    // Two places were needed, and no more than two had to go.
    const left = await list('app=small');
    expect(left).toHaveLength(2);
    expect(left.filter(isWhole)).toHaveLength(2);
    expect(uids(small)).toEqual(expect.arrayContaining(uids(left)));
    const places = new Map<string, Set<string>>();
    for (const { object: { metadata: { uid }, spec: { nodeName } } } of record.events) if (nodeName !== undefined) places.set(uid, (places.get(uid) ?? new Set()).add(nodeName));
    expect([...places.values()].filter(({ size }) => size !== 1)).toEqual([]);
    const bindings = async (name: string): Promise<string> => kubectl(`get events --field-selector involvedObject.name=${name},reason=Scheduled -o jsonpath={.items[*].message}`);
    for (const name of ['urgent-1', 'urgent-2']) await cluster.until(async () => expect(await bindings(name)).toBe(`Successfully assigned ${namespace}/${name} to node-1`));
  });
}
