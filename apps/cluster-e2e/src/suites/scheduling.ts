import { get } from 'node:https';
import { ApiClient } from '../harness/api-client';
import type { RunningCluster } from '../harness/cluster';
import { useNamespace } from '../harness/use-namespace';

interface Explanation {
  readonly node?: string;
  readonly nodes: readonly { readonly name: string; readonly refusedBy?: string; readonly reasons?: readonly string[]; readonly scores?: Record<string, { readonly score: number }> }[];
}

/** The scheduler at work in a whole cluster with nodes `node-1` and `node-2`. */
export function scheduling(cluster: RunningCluster): void {
  const namespace = 'scheduling';
  // Its pods take all there is.
  const { kubectl, apply } = useNamespace(cluster, namespace, [], { gone: true });
  const field = (what: string, path: string): Promise<string> => kubectl(`get ${what} -o 'jsonpath={${path}}'`);

  const pod = (name: string, spec: object = {}, metadata: object = {}): object => ({
    apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'navarch.local/web:1' }], ...spec },
  });
  const asking = (cpu: number, more: object = {}): object => ({ containers: [{ name: 'main', image: 'navarch.local/web:1', resources: { requests: { cpu: String(cpu) } } }], ...more });

  it('leaves a gated pod alone until its gate is gone', async () => {
    await apply(pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }));
    await cluster.until(async () => expect(await field('pod/gated', '.status.conditions[?(@.type=="PodScheduled")].reason')).toBe('SchedulingGated'));
    await kubectl(`patch pod gated --type=merge -p '{"spec":{"schedulingGates":null}}'`);
    await kubectl('wait pod/gated --for=condition=PodScheduled --timeout=30s');
  });

  it('spreads pods evenly', async () => {
    const constraint = { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'even' } } };
    for (let index = 0; index < 4; index++) await apply(pod(`even-${index}`, { topologySpreadConstraints: [constraint] }, { labels: { app: 'even' } }));
    await kubectl('wait pod -l app=even --for=condition=PodScheduled --timeout=30s');
    const nodes = (await kubectl('get pod -l app=even -o jsonpath={.items[*].spec.nodeName}')).split(' ').sort();
    expect(nodes).toEqual(['node-1', 'node-1', 'node-2', 'node-2']);
  });

  it('makes room for a more important pod, and explains each decision node by node', async () => {
    await apply({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'urgent' }, value: 1000 });
    const cpus = Number(await field('node/node-1', '.status.allocatable.cpu'));
    for (const node of ['node-1', 'node-2']) await apply(pod(`filler-${node}`, asking(cpus, { nodeSelector: { 'kubernetes.io/hostname': node } }), { labels: { app: 'filler' } }));
    await kubectl('wait pod -l app=filler --for=condition=PodScheduled --timeout=30s');
    await apply(pod('urgent', asking(cpus, { priorityClassName: 'urgent', nodeSelector: { 'kubernetes.io/hostname': 'node-1' } })));
    await kubectl('wait pod/urgent --for=condition=PodScheduled --timeout=60s');
    expect(await field('pod/urgent', '.spec.nodeName')).toBe('node-1');
    await cluster.until(async () => expect(await kubectl('get events --field-selector reason=Preempted -o jsonpath={.items[*].message}')).toContain(`Preempted by pod ${await field('pod/urgent', '.metadata.uid')} on node node-1`));
    const { node, nodes } = await explain(`${namespace}/filler-node-2`);
    expect(node).toBe('node-2');
    expect(nodes.find(({ name }) => name === 'node-1')).toMatchObject({ refusedBy: 'NodeAffinity', reasons: ["node(s) didn't match Pod's node affinity/selector"] });
  });

  /** What the scheduler's own server says of a decision to an administrator. */
  async function explain(name: string): Promise<Explanation> {
    const { credentials } = new ApiClient(cluster.kubeconfig);
    const address = await cluster.scheduler();
    return new Promise((resolve, reject) => {
      // Its certificate is for names by which it is reached from inside.
      get({ ...address, path: `/debug/scheduling?pod=${encodeURIComponent(name)}`, agent: false, timeout: 5000, ...credentials, checkServerIdentity: () => undefined }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve(JSON.parse(text) as Explanation));
      }).on('error', reject);
    });
  }
}
