import { get as httpsGet } from 'node:https';
import type { RunningCluster } from '../harness/cluster';

/** A GET by nobody, who cannot yet tell whether the server is the right one. */
function anonymously(url: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    httpsGet(url, { rejectUnauthorized: false }, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => (body += chunk.toString())).on('error', reject).on('end', () => resolve({ status: answer.statusCode, body }));
    }).on('error', reject);
  });
}

/**
 * Every kind of workload once, by the kubectl that users have, on a cluster with simulated nodes `node-1` and `node-2` whose autoscalers
 * look every two seconds. What each does in every case is in the tests of its controller.
 */
export function workloads(cluster: RunningCluster): void {
  const kubectl = (args: string, input?: string): Promise<string> => cluster.kubectl(args, input === undefined ? {} : { input });
  const apply = (object: object): Promise<string> => kubectl('apply -f -', JSON.stringify(object));
  const get = (what: string, path: string): Promise<string> => kubectl(`get ${what} -o 'jsonpath={${path}}'`);
  const until = (what: string, path: string, expected: RegExp | string): Promise<void> =>
    cluster.until(async () => expect(await get(what, path)).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected)));

  const container = (image: string): object => ({ name: 'main', image: `navarch.local/${image}`, resources: { requests: { cpu: '10m' } } });
  const template = (app: string, image = 'app:1', more: object = {}): object => ({ metadata: { labels: { app } }, spec: { containers: [container(image)], ...more } });
  const selector = (app: string): object => ({ matchLabels: { app } });

  it('a StatefulSet scales and rolls in order, and goes back', async () => {
    await apply({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' }, spec: { serviceName: 'db', replicas: 2, selector: selector('db'), template: template('db') } });
    await kubectl('rollout status statefulset/db --timeout=180s');
    await kubectl('scale statefulset db --replicas=3');
    await until('statefulset db', '.status.readyReplicas', '3');
    expect(await get('pods -l app=db', '.items[*].metadata.name')).toBe('db-0 db-1 db-2');
    await kubectl('set image statefulset/db main=navarch.local/app:2');
    await kubectl('rollout status statefulset/db --timeout=180s');
    expect(await get('pods -l app=db', '.items[*].spec.containers[0].image')).toBe('navarch.local/app:2 navarch.local/app:2 navarch.local/app:2');
    await kubectl('rollout undo statefulset/db');
    await until('pod db-0', '.spec.containers[0].image', 'navarch.local/app:1');
  });

  it('a DaemonSet runs on every node, rolls, and shows its history', async () => {
    await apply({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'agent', annotations: { 'kubernetes.io/change-cause': 'first' } },
      spec: { selector: selector('agent'), template: template('agent') },
    });
    await kubectl('rollout status daemonset/agent --timeout=180s');
    expect((await get('pods -l app=agent', '.items[*].spec.nodeName')).split(' ').sort()).toEqual(['node-1', 'node-2']);
    await kubectl('set image daemonset/agent main=navarch.local/app:2');
    await kubectl('rollout status daemonset/agent --timeout=180s');
    expect(await kubectl('rollout history daemonset/agent')).toMatch(/1\s+first/);
    await until('daemonset agent', '.status.updatedNumberScheduled', '2');
  });

  it('an Indexed Job completes every index, and goes when its time is over', async () => {
    await apply({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'sum' },
      spec: { completions: 3, parallelism: 3, completionMode: 'Indexed', template: template('sum', 'exit:0', { restartPolicy: 'Never' }) },
    });
    await kubectl('wait --for=condition=Complete job/sum --timeout=180s');
    // Only now, as a second may pass before anybody has seen it complete.
    await kubectl(`patch job sum --type=merge -p '{"spec":{"ttlSecondsAfterFinished":1}}'`);
    await cluster.until(async () => expect((await cluster.tryKubectl('get job sum')).stderr).toContain('NotFound'));
    await until('pods -l app=sum', '.items', '[]');
  });

  it('a Job that keeps failing says why it gave up', async () => {
    await apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'bad' }, spec: { backoffLimit: 0, template: template('bad', 'exit:1', { restartPolicy: 'Never' }) } });
    await kubectl('wait --for=condition=Failed job/bad --timeout=180s');
    expect(await get('job bad', '.status.conditions[?(@.type=="Failed")].reason')).toBe('BackoffLimitExceeded');
    expect(await kubectl('describe job bad')).toContain('Job has reached the specified backoff limit');
  });

  it('a CronJob starts Jobs, at their time or when asked', async () => {
    await apply({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'tick' },
      spec: { schedule: '0 0 1 1 *', timeZone: 'Europe/Berlin', jobTemplate: { spec: { template: template('tick', 'exit:0', { restartPolicy: 'Never' }) } } },
    });
    await kubectl('create job now --from=cronjob/tick');
    await kubectl('wait --for=condition=Complete job/now --timeout=180s');
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
    await kubectl('rollout status deployment/web --timeout=180s');
    await until('deployment web', '.spec.replicas', '2');
    await until('hpa web', '.status.conditions[?(@.type=="AbleToScale")].status', 'True');
    await until('hpa web', '.status.conditions[?(@.type=="ScalingActive")].reason', /^(FailedGetResourceMetric|ValidMetricFound)$/);
  });

  it('a HorizontalPodAutoscaler goes up and down with what pods use', async () => {
    // Simulated containers use a tenth to a half of what they ask for.
    await apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'busy' }, spec: { selector: selector('busy'), template: template('busy') } });
    await kubectl('rollout status deployment/busy --timeout=180s');
    const autoscaler = (averageUtilization: number): object => ({
      apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'busy' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'busy' }, minReplicas: 1, maxReplicas: 3, behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }],
      },
    });
    await apply(autoscaler(2));
    await cluster.until(async () => expect(await get('deployment busy', '.status.readyReplicas')).toBe('3'), 120_000);
    expect(await get('hpa busy', '.status.conditions[?(@.type=="ScalingActive")].reason')).toBe('ValidMetricFound');
    expect(await kubectl('describe hpa busy')).toContain('New size: 3; reason: cpu resource utilization (percentage of request) above target');
    await apply(autoscaler(200));
    await cluster.until(async () => expect(await get('deployment busy', '.spec.replicas')).toBe('1'), 120_000);
    expect(await kubectl('describe hpa busy')).toContain('New size: 1; reason: All metrics below target');
  });

  it('a Secret for the token of a service account lets its bearer in, until the account goes', async () => {
    await kubectl('create serviceaccount robot');
    await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'robot-token', annotations: { 'kubernetes.io/service-account.name': 'robot' } }, type: 'kubernetes.io/service-account-token' });
    await until('secret robot-token', '.data.token', /./);
    const token = Buffer.from(await get('secret robot-token', '.data.token'), 'base64').toString();
    const review = async (): Promise<unknown> => JSON.parse(await kubectl('create -o json -f -', JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })));
    expect(await review()).toMatchObject({ status: { authenticated: true, user: { username: 'system:serviceaccount:default:robot' } } });
    await kubectl('delete serviceaccount robot');
    await cluster.until(async () => expect(await kubectl('get secrets -o name')).not.toContain('robot-token'));
    expect(await review()).not.toMatchObject({ status: { authenticated: true } });
  });

  it('who has nothing but a bootstrap token finds the cluster', async () => {
    const server = (await kubectl("config view -o 'jsonpath={.clusters[0].cluster.server}'")).trim();
    await cluster.until(async () => {
      const { status, body } = await anonymously(`${server}/api/v1/namespaces/kube-public/configmaps/cluster-info`);
      expect(status).toBe(200);
      const { data } = JSON.parse(body) as { data: Record<string, string> };
      expect(data['kubeconfig']).toContain(`server: ${await cluster.serverToJoin()}`);
      const [id] = Object.keys(data).filter((key) => key.startsWith('jws-kubeconfig-'));
      expect(data[id ?? '']).toMatch(/^[\w-]+\.\.[\w-]+$/);
    });
    expect((await anonymously(`${server}/api/v1/namespaces/kube-public/configmaps`)).status).toBe(403);
  });

  it('a PodDisruptionBudget holds a drain up until there are enough pods elsewhere', async () => {
    await apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'stall' }, spec: { replicas: 2, selector: selector('stall'), template: template('stall') } });
    await kubectl('rollout status deployment/stall --timeout=180s');
    await apply({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'stall' }, spec: { maxUnavailable: 0, selector: selector('stall') } });
    await until('pdb stall', '.status.expectedPods', '2');
    const [node = ''] = (await get('pods -l app=stall', '.items[*].spec.nodeName')).split(' ');
    const drain = (seconds: number): Promise<{ code: number; stderr: string }> => cluster.tryKubectl(`drain ${node} --ignore-daemonsets --force --pod-selector=app=stall --timeout=${seconds}s`);
    const held = await drain(6);
    expect(held.code).not.toBe(0);
    expect(held.stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
    await kubectl(`patch pdb stall -p '{"spec":{"maxUnavailable":1}}'`);
    await until('pdb stall', '.status.disruptionsAllowed', '1');
    expect(await drain(60)).toMatchObject({ code: 0 });
    await kubectl(`uncordon ${node}`);
    await until('deployment stall', '.status.readyReplicas', '2');
  });
}
