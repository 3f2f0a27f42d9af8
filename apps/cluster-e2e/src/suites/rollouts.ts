import type { RunningCluster } from '../harness/cluster';
import { useNamespace } from '../harness/use-namespace';

/** How workloads replace their pods, Jobs hold and give up, and autoscalers size what is none of ours, on a cluster with simulated nodes `node-1` and `node-2`. */
export function rollouts(cluster: RunningCluster): void {
  const { kubectl, apply } = useNamespace(cluster, 'rollouts');
  const get = (what: string, path: string): Promise<string> => kubectl(`get ${what} -o 'jsonpath={${path}}'`);
  const until = (what: string, path: string, expected: string): Promise<void> => cluster.until(async () => expect(await get(what, path)).toEqual(expected));
  const imageOf = (pod: string): Promise<string> => get(`pod ${pod}`, '.spec.containers[0].image');

  const [one, two] = ['navarch.local/app:1', 'navarch.local/app:2'];
  const workload = (kind: string, name: string, spec: object, image = one): object => ({
    apiVersion: 'apps/v1', kind, metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image }] } }, ...spec },
  });
  const job = (name: string, image: string, spec: object): object => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image }] } }, ...spec },
  });

  it('a Deployment that is re-created has no old pods when the new ones come', async () => {
    await apply(workload('Deployment', 'anew', { replicas: 2, strategy: { type: 'Recreate' } }));
    await kubectl('rollout status deployment/anew --timeout=180s');
    await kubectl(`set image deployment/anew main=${two}`);
    await kubectl('rollout status deployment/anew --timeout=180s');
    const steps = (await get('events --field-selector involvedObject.name=anew', 'range .items[*]}{.message}{"\\n"}{end')).trim().split('\n').map((text) => text.replace(/anew-\w+/, 'anew'));
    expect(steps.sort()).toEqual(['Scaled down replica set anew from 2 to 0', 'Scaled up replica set anew from 0 to 2', 'Scaled up replica set anew from 0 to 2']);
  });

  it('a Deployment surges as far as it may, and keeps what is well while the new is not', async () => {
    await apply(workload('Deployment', 'surge', { replicas: 2, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } } }));
    await kubectl('rollout status deployment/surge --timeout=180s');
    await kubectl('set image deployment/surge main=navarch.local/missing:1');
    await until('deployment surge', '.status.replicas', '4');
    expect(await get('deployment surge', '.status.availableReplicas')).toBe('2');
    await kubectl('rollout undo deployment/surge');
    await until('deployment surge', '.status.replicas', '2');
  });

  it('a StatefulSet updates pods only when they are deleted, if it is told so', async () => {
    await apply(workload('StatefulSet', 'manual', { serviceName: 'manual', replicas: 2, updateStrategy: { type: 'OnDelete' } }));
    await until('statefulset manual', '.status.readyReplicas', '2');
    await kubectl(`set image statefulset/manual main=${two}`);
    await cluster.until(async () => expect(await get('statefulset manual', '.status.updateRevision')).not.toBe(await get('statefulset manual', '.status.currentRevision')));
    await kubectl('delete pod manual-1');
    await until('statefulset manual', '.status.readyReplicas', '2');
    await cluster.until(async () => expect([await imageOf('manual-0'), await imageOf('manual-1')]).toEqual([one, two]));
  });

  it('a DaemonSet updates pods only when they are deleted, if it is told so', async () => {
    await apply(workload('DaemonSet', 'agent', { updateStrategy: { type: 'OnDelete' } }));
    await until('daemonset agent', '.status.numberReady', '2');
    await kubectl(`set image daemonset/agent main=${two}`);
    const podOn = (node: string): Promise<string> => get(`pods -l app=agent --field-selector spec.nodeName=${node}`, '.items[*].metadata.name');
    await kubectl(`delete pod ${await podOn('node-1')}`);
    await cluster.until(async () => expect(await imageOf(await podOn('node-1'))).toBe(two));
    expect(await imageOf(await podOn('node-2'))).toBe(one);
    await until('daemonset agent', '.status.updatedNumberScheduled', '1');
  });

  it('a StatefulSet updates no pods below its partition', async () => {
    await apply(workload('StatefulSet', 'parted', { serviceName: 'parted', replicas: 3, podManagementPolicy: 'Parallel', updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }));
    await until('statefulset parted', '.status.readyReplicas', '3');
    await kubectl(`set image statefulset/parted main=${two}`);
    await kubectl('rollout status statefulset/parted --timeout=180s');
    expect(await get('pods -l app=parted', '.items[*].spec.containers[0].image')).toBe(`${one} ${one} ${two}`);
    await kubectl(`patch statefulset parted -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}'`);
    await kubectl('rollout status statefulset/parted --timeout=180s');
    expect(await get('pods -l app=parted', '.items[*].spec.containers[0].image')).toBe(`${two} ${two} ${two}`);
  });

  it('a Job that is suspended has no pods until it may go on', async () => {
    await apply(job('later', 'navarch.local/exit:0', { suspend: true }));
    await kubectl('wait --for=condition=Suspended job/later --timeout=180s');
    expect(await get('pods -l batch.kubernetes.io/job-name=later', '.items')).toBe('[]');
    await kubectl(`patch job later -p '{"spec":{"suspend":false}}'`);
    await kubectl('wait --for=condition=Complete job/later --timeout=180s');
    expect(await get('job later', '.status.conditions[?(@.type=="Suspended")].status')).toBe('False');
  });

  it('a Job gives up at once where its policy says that trying again is of no use', async () => {
    const podFailurePolicy = { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] };
    await apply(job('hopeless', 'navarch.local/exit:42', { backoffLimit: 6, podFailurePolicy }));
    await kubectl('wait --for=condition=Failed job/hopeless --timeout=180s');
    expect(await get('job hopeless', '.status.conditions[?(@.type=="Failed")].reason')).toBe('PodFailurePolicy');
    expect(await get('job hopeless', '.status.failed')).toBe('1');
  });

  it('a HorizontalPodAutoscaler keeps the bounds of a kind that others brought', async () => {
    const names = { plural: 'fleets', singular: 'fleet', kind: 'Fleet', listKind: 'FleetList' };
    const schema = {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: { type: 'object', properties: { ships: { type: 'integer' } } },
          status: { type: 'object', properties: { ships: { type: 'integer' }, selector: { type: 'string' } } },
        },
      },
    };
    const scale = { specReplicasPath: '.spec.ships', statusReplicasPath: '.status.ships', labelSelectorPath: '.status.selector' };
    await apply({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'fleets.rollouts.example.com' },
      spec: {
        group: 'rollouts.example.com',
        scope: 'Namespaced',
        names,
        versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {}, scale } }],
      },
    });
    await kubectl('wait --for=condition=Established crd/fleets.rollouts.example.com --timeout=180s');
    await cluster.until(() => apply({ apiVersion: 'rollouts.example.com/v1', kind: 'Fleet', metadata: { name: 'home' }, spec: { ships: 1 } }));
    await apply({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'home' },
      spec: { scaleTargetRef: { apiVersion: 'rollouts.example.com/v1', kind: 'Fleet', name: 'home' }, minReplicas: 3, maxReplicas: 5 },
    });
    await until('fleet home', '.spec.ships', '3');
    await kubectl('scale fleet home --replicas=9');
    await until('fleet home', '.spec.ships', '5');
    await kubectl('delete hpa home');
    await kubectl('delete crd fleets.rollouts.example.com');
  });
}
