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
    await kubectl('wait pod/gated --for=condition=PodScheduled --timeout=180s');
  });

  it('spreads pods evenly', async () => {
    const constraint = { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'even' } } };
    for (let index = 0; index < 4; index++) await apply(pod(`even-${index}`, { topologySpreadConstraints: [constraint] }, { labels: { app: 'even' } }));
    await kubectl('wait pod -l app=even --for=condition=PodScheduled --timeout=180s');
    const nodes = (await kubectl('get pod -l app=even -o jsonpath={.items[*].spec.nodeName}')).split(' ').sort();
    expect(nodes).toEqual(['node-1', 'node-1', 'node-2', 'node-2']);
  });

  it('makes room for a more important pod, and explains each decision node by node', async () => {
    await apply({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'urgent' }, value: 1000 });
    const cpus = Number(await field('node/node-1', '.status.allocatable.cpu'));
    for (const node of ['node-1', 'node-2']) await apply(pod(`filler-${node}`, asking(cpus, { nodeSelector: { 'kubernetes.io/hostname': node } }), { labels: { app: 'filler' } }));
    await kubectl('wait pod -l app=filler --for=condition=PodScheduled --timeout=180s');
    await apply(pod('urgent', asking(cpus, { priorityClassName: 'urgent', nodeSelector: { 'kubernetes.io/hostname': 'node-1' } })));
    await kubectl('wait pod/urgent --for=condition=PodScheduled --timeout=180s');
    expect(await field('pod/urgent', '.spec.nodeName')).toBe('node-1');
    await cluster.until(async () =>
      expect(await kubectl('get events --field-selector reason=Preempted -o jsonpath={.items[*].message}')).toContain(
        `Preempted by pod ${await field('pod/urgent', '.metadata.uid')} on node node-1`,
      ),
    );
    const { node, nodes } = await explain(`${namespace}/filler-node-2`);
    expect(node).toBe('node-2');
    expect(nodes.find(({ name }) => name === 'node-1')).toMatchObject({ refusedBy: 'NodeAffinity', reasons: ["node(s) didn't match Pod's node affinity/selector"] });
  });

  it('gives a claim devices where a driver offers them, and no device twice', async () => {
    const deviceClass = {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'gpu.e2e.example.com' },
      spec: { selectors: [{ cel: { expression: 'device.driver == "gpu.e2e.example.com"' } }] },
    };
    // What a driver on node-2 would publish.
    const nodeSelector = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['node-2'] }] }] };
    const slice = {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceSlice',
      metadata: { name: 'gpu.e2e.example.com' },
      spec: { driver: 'gpu.e2e.example.com', nodeSelector, pool: { name: 'e2e', generation: 1, resourceSliceCount: 1 }, devices: [{ name: 'gpu-0' }] },
    };
    const claim = (name: string): object => ({
      apiVersion: 'resource.k8s.io/v1',
      kind: 'ResourceClaim',
      metadata: { name },
      spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.e2e.example.com' } }] } },
    });
    const user = (name: string): object =>
      pod(name, {
        resourceClaims: [{ name: 'gpu', resourceClaimName: name }],
        containers: [{ name: 'main', image: 'navarch.local/web:1', resources: { claims: [{ name: 'gpu' }] } }],
      });
    await apply(deviceClass, slice, claim('render'), claim('train'), user('render'));
    await kubectl('wait pod/render --for=condition=PodScheduled --timeout=180s');
    expect(await field('pod/render', '.spec.nodeName')).toBe('node-2');
    expect(await field('resourceclaim/render', '.status.allocation.devices.results[*].device')).toBe('gpu-0');
    expect(await field('resourceclaim/render', '.status.reservedFor[*].name')).toBe('render');
    await apply(user('train'));
    await cluster.until(async () => expect(await field('pod/train', '.status.conditions[?(@.type=="PodScheduled")].message')).toContain('0/2 nodes are available: 2 cannot allocate all claims.'));
    await kubectl('delete pod render train --grace-period=0 --force');
    await kubectl('delete deviceclass,resourceslice gpu.e2e.example.com');
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
