import { TestCluster } from './harness/cluster';

jest.setTimeout(300_000);

/** Every kind of workload once, by the kubectl that users have. What each does in every case is in the tests of its controller. */
describe('workloads on simulated nodes', () => {
  const cluster = new TestCluster('e2e-workloads', ['--runtime', 'simulated']);
  const kubectl = (args: string, input?: string): Promise<string> => cluster.kubectl(args, input === undefined ? {} : { input });
  const apply = (object: object): Promise<string> => kubectl('apply -f -', JSON.stringify(object));
  const get = (what: string, path: string): Promise<string> => kubectl(`get ${what} -o 'jsonpath={${path}}'`);
  const until = (what: string, path: string, expected: RegExp | string): Promise<void> => cluster.until(async () => expect(await get(what, path)).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected)));

  const container = (image: string): object => ({ name: 'main', image: `navarch.local/${image}`, resources: { requests: { cpu: '10m' } } });
  const template = (app: string, image = 'app:1', more: object = {}): object => ({ metadata: { labels: { app } }, spec: { containers: [container(image)], ...more } });
  const selector = (app: string): object => ({ matchLabels: { app } });

  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  it('a StatefulSet scales and rolls in order, and goes back', async () => {
    await apply({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' }, spec: { serviceName: 'db', replicas: 2, selector: selector('db'), template: template('db') } });
    await kubectl('rollout status statefulset/db --timeout=60s');
    await kubectl('scale statefulset db --replicas=3');
    await until('statefulset db', '.status.readyReplicas', '3');
    expect(await get('pods -l app=db', '.items[*].metadata.name')).toBe('db-0 db-1 db-2');
    await kubectl('set image statefulset/db main=navarch.local/app:2');
    await kubectl('rollout status statefulset/db --timeout=60s');
    expect(await get('pods -l app=db', '.items[*].spec.containers[0].image')).toBe('navarch.local/app:2 navarch.local/app:2 navarch.local/app:2');
    await kubectl('rollout undo statefulset/db');
    await until('pod db-0', '.spec.containers[0].image', 'navarch.local/app:1');
  });

  it('a DaemonSet runs on every node, rolls, and shows its history', async () => {
    await apply({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'agent', annotations: { 'kubernetes.io/change-cause': 'first' } }, spec: { selector: selector('agent'), template: template('agent') } });
    await kubectl('rollout status daemonset/agent --timeout=60s');
    expect((await get('pods -l app=agent', '.items[*].spec.nodeName')).split(' ').sort()).toEqual(['node-1', 'node-2']);
    await kubectl('set image daemonset/agent main=navarch.local/app:2');
    await kubectl('rollout status daemonset/agent --timeout=60s');
    expect(await kubectl('rollout history daemonset/agent')).toMatch(/1\s+first/);
    await until('daemonset agent', '.status.updatedNumberScheduled', '2');
  });

  it('an Indexed Job completes every index, and goes when its time is over', async () => {
    await apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'sum' }, spec: { completions: 3, parallelism: 3, completionMode: 'Indexed', ttlSecondsAfterFinished: 1, template: template('sum', 'exit:0', { restartPolicy: 'Never' }) } });
    await kubectl('wait --for=condition=Complete job/sum --timeout=60s');
    await kubectl('wait --for=delete job/sum --timeout=60s');
    await until('pods -l app=sum', '.items', '[]');
  });

  it('a Job that keeps failing says why it gave up', async () => {
    await apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'bad' }, spec: { backoffLimit: 0, template: template('bad', 'exit:1', { restartPolicy: 'Never' }) } });
    await kubectl('wait --for=condition=Failed job/bad --timeout=60s');
    expect(await get('job bad', '.status.conditions[?(@.type=="Failed")].reason')).toBe('BackoffLimitExceeded');
    expect(await kubectl('describe job bad')).toContain('Job has reached the specified backoff limit');
  });

  it('a CronJob starts Jobs, at their time or when asked', async () => {
    await apply({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'tick' }, spec: { schedule: '0 0 1 1 *', timeZone: 'Europe/Berlin', jobTemplate: { spec: { template: template('tick', 'exit:0', { restartPolicy: 'Never' }) } } } });
    await kubectl('create job now --from=cronjob/tick');
    await kubectl('wait --for=condition=Complete job/now --timeout=60s');
    await kubectl(`patch cronjob tick -p '{"spec":{"schedule":"@every 1s"}}'`);
    await until('cronjob tick', '.status.lastScheduleTime', /^\d{4}-/);
  });

  it('a ReplicationController keeps its number', async () => {
    await apply({ apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'old' }, spec: { replicas: 2, selector: { app: 'old' }, template: template('old') } });
    await until('replicationcontroller old', '.status.readyReplicas', '2');
    await kubectl('delete pod -l app=old --wait=false');
    await until('replicationcontroller old', '.status.readyReplicas', '2');
    await kubectl('scale replicationcontroller old --replicas=0');
    await until('replicationcontroller old', '.status.replicas', '0');
  });

  it('a HorizontalPodAutoscaler keeps its bounds, and says what it cannot measure', async () => {
    await kubectl('create deployment web --image=navarch.local/app:1');
    await kubectl('autoscale deployment web --min=2 --max=4 --cpu-percent=50');
    await kubectl('rollout status deployment/web --timeout=60s');
    await until('deployment web', '.spec.replicas', '2');
    await until('hpa web', '.status.conditions[?(@.type=="AbleToScale")].status', 'True');
    await until('hpa web', '.status.conditions[?(@.type=="ScalingActive")].reason', /^(FailedGetResourceMetric|ValidMetricFound)$/);
  });

  it('a PodDisruptionBudget holds a drain up until there are enough pods elsewhere', async () => {
    await apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop' }, spec: { replicas: 2, selector: selector('shop'), template: template('shop') } });
    await kubectl('rollout status deployment/shop --timeout=60s');
    await apply({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'shop' }, spec: { maxUnavailable: 0, selector: selector('shop') } });
    await until('pdb shop', '.status.expectedPods', '2');
    const [node = ''] = (await get('pods -l app=shop', '.items[*].spec.nodeName')).split(' ');
    const drain = (seconds: number): Promise<{ code: number; stderr: string }> => cluster.tryKubectl(`drain ${node} --ignore-daemonsets --force --pod-selector=app=shop --timeout=${seconds}s`);
    const held = await drain(6);
    expect(held.code).not.toBe(0);
    expect(held.stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
    await kubectl(`patch pdb shop -p '{"spec":{"maxUnavailable":1}}'`);
    await until('pdb shop', '.status.disruptionsAllowed', '1');
    expect(await drain(60)).toMatchObject({ code: 0 });
    await kubectl(`uncordon ${node}`);
    await until('deployment shop', '.status.readyReplicas', '2');
  });
});
