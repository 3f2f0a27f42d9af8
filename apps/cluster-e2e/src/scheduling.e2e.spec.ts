import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { makeTempDir, type TempDir } from '@navarch/testing';
import { root, TestCluster } from './harness/cluster';

jest.setTimeout(180_000);

interface Explanation {
  readonly node?: string;
  readonly nodes: readonly { readonly name: string; readonly refusedBy?: string; readonly reasons?: readonly string[]; readonly scores?: Record<string, { readonly score: number }> }[];
}

/** The scheduler at work in a whole cluster, with the sample plug-in of examples/ beside it. */
describe('scheduling', () => {
  let directory: TempDir;
  let cluster: TestCluster;
  let sample: ChildProcess;
  const state = (): string => join(root, '.navarch', cluster.name);
  const apply = (object: object): Promise<string> => cluster.kubectl('apply -f -', { input: JSON.stringify(object) });
  const field = (what: string, path: string): Promise<string> => cluster.kubectl(`get ${what} -o 'jsonpath={${path}}'`);

  const pod = (name: string, spec: object = {}, metadata: object = {}): object => ({
    apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'navarch.local/web:1' }], ...spec },
  });
  const asking = (cpu: number, more: object = {}): object => ({ containers: [{ name: 'main', image: 'navarch.local/web:1', resources: { requests: { cpu: String(cpu) } } }], ...more });

  beforeAll(async () => {
    directory = await makeTempDir();
    const socket = `unix://${directory.path}/rooms.sock`;
    sample = spawn(process.execPath, ['--import', 'tsx', join(root, 'examples/scheduler-plugin/plugin.ts'), socket], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => sample.stdout?.once('data', resolve));
    const configuration = join(directory.path, 'scheduler.yaml');
    writeFileSync(configuration, readFileSync(join(root, 'examples/scheduler-plugin/scheduler.yaml'), 'utf8').replace('unix:///tmp/rooms.sock', socket));
    cluster = new TestCluster('e2e-sched', ['--runtime', 'simulated', '--flag', `scheduler:--config=${configuration}`]);
    await cluster.down('--purge');
    await cluster.up();
  });
  afterAll(async () => {
    await cluster.down('--purge');
    sample.kill('SIGKILL');
    await directory.remove();
  });

  it('leaves a gated pod alone until its gate is gone', async () => {
    await apply(pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }));
    await cluster.until(async () => expect(await field('pod/gated', '.status.conditions[?(@.type=="PodScheduled")].reason')).toBe('SchedulingGated'));
    await cluster.kubectl(`patch pod gated --type=merge -p '{"spec":{"schedulingGates":null}}'`);
    await cluster.kubectl('wait pod/gated --for=condition=PodScheduled --timeout=30s');
  });

  it('spreads pods evenly', async () => {
    const constraint = { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'even' } } };
    for (let index = 0; index < 4; index++) await apply(pod(`even-${index}`, { topologySpreadConstraints: [constraint] }, { labels: { app: 'even' } }));
    await cluster.kubectl('wait pod -l app=even --for=condition=PodScheduled --timeout=30s');
    const nodes = (await cluster.kubectl('get pod -l app=even -o jsonpath={.items[*].spec.nodeName}')).split(' ').sort();
    expect(nodes).toEqual(['node-1', 'node-1', 'node-2', 'node-2']);
  });

  it('asks a plug-in in another process, and tells its reasons', async () => {
    await cluster.kubectl('label node node-2 example.com/room=cold');
    const inRoom = (name: string, room: string): object => pod(name, { schedulerName: 'rooms' }, { annotations: { 'example.com/room': room } });
    await apply(inRoom('chilled', 'cold'));
    await apply(inRoom('soaked', 'wet'));
    await cluster.until(async () => expect(await field('pod/chilled', '.spec.nodeName')).toBe('node-2'));
    await cluster.until(async () => expect(await field('pod/soaked', '.status.conditions[?(@.type=="PodScheduled")].message')).toContain('0/2 nodes are available: 2 node(s) were not in room wet.'));
  });

  it('makes room for a more important pod, and explains each decision node by node', async () => {
    await apply({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'urgent' }, value: 1000 });
    const cpus = Number(await field('node/node-1', '.status.allocatable.cpu'));
    for (const node of ['node-1', 'node-2']) await apply(pod(`filler-${node}`, asking(cpus, { nodeSelector: { 'kubernetes.io/hostname': node } }), { labels: { app: 'filler' } }));
    await cluster.kubectl('wait pod -l app=filler --for=condition=PodScheduled --timeout=30s');
    await apply(pod('urgent', asking(cpus, { priorityClassName: 'urgent', nodeSelector: { 'kubernetes.io/hostname': 'node-1' } })));
    await cluster.kubectl('wait pod/urgent --for=condition=PodScheduled --timeout=60s');
    expect(await field('pod/urgent', '.spec.nodeName')).toBe('node-1');
    await cluster.until(async () => expect(await cluster.kubectl('get events --field-selector reason=Preempted -o jsonpath={.items[*].message}')).toContain(`Preempted by pod ${await field('pod/urgent', '.metadata.uid')} on node node-1`));
    const { node, nodes } = await explain('default/filler-node-2');
    expect(node).toBe('node-2');
    expect(nodes.find(({ name }) => name === 'node-1')).toMatchObject({ refusedBy: 'NodeAffinity', reasons: ["node(s) didn't match Pod's node affinity/selector"] });
  });

  /** What the scheduler's own server says of a decision. */
  function explain(name: string): Promise<Explanation> {
    const file = (path: string): Buffer => readFileSync(join(state(), 'pki', path));
    const identity = { ca: file('ca.crt'), cert: file('apiserver-kubelet-client.crt'), key: file('apiserver-kubelet-client.key') };
    const { ports } = JSON.parse(readFileSync(join(state(), 'cluster.json'), 'utf8')) as { ports: { scheduler: number } };
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: ports.scheduler, path: `/debug/scheduling?pod=${encodeURIComponent(name)}`, agent: false, timeout: 5000, ...identity }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve(JSON.parse(text) as Explanation));
      }).on('error', reject);
    });
  }
});
