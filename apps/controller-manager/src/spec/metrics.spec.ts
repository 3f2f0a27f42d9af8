import { apps, autoscaling, batch, coordination, core, discovery, type corev1 } from '@navarch/api';
import { formatMicroTime, serviceUnavailable } from '@navarch/apimachinery';
import { attachDetachController } from '../controllers/attach-detach/controller';
import { cronJobController } from '../controllers/cronjob/controller';
import { endpointSliceController } from '../controllers/endpointslice/controller';
import { endpointSliceMirroringController } from '../controllers/endpointslice-mirroring/controller';
import { ephemeralVolumeController } from '../controllers/ephemeral-volume/controller';
import { jobController } from '../controllers/job/controller';
import { nodeIpamController } from '../controllers/node-ipam/controller';
import { nodeLifecycleController } from '../controllers/nodelifecycle/controller';
import { horizontalPodAutoscalerController } from '../controllers/podautoscaler/controller';
import { podGarbageCollector } from '../controllers/podgc/controller';
import { rootCaController } from '../controllers/root-ca/controller';
import { taintEvictionController } from '../controllers/taint-eviction/controller';
import { ttlAfterFinishedController } from '../controllers/ttl-after-finished/controller';
import { ControllerWorld } from '../testing/controller-world';

/** Metrics by upstream's names and labels: what dashboards and alerts are written for. */
describe('metrics of', () => {
  let world: ControllerWorld;
  beforeEach(() => (world = new ControllerWorld({ nodeMonitorGracePeriod: 40_000 })));
  afterEach(() => world.stop());

  const endPods = (phase: 'Failed' | 'Succeeded'): void => {
    for (const pod of world.all(core.pods)) world.api.update(core.pods, 'default', pod.metadata.name ?? '', 'status', { ...pod, status: { ...pod.status, phase } } as corev1.Pod);
  };

  it('Jobs count syncs, pods and ends', async () => {
    world.create(batch.jobs, {
      metadata: { name: 'sum', namespace: 'default' },
      spec: {
        completions: 2,
        parallelism: 2,
        completionMode: 'Indexed',
        ttlSecondsAfterFinished: 30,
        selector: { matchLabels: { app: 'sum' } },
        template: { metadata: { labels: { app: 'sum' } }, spec: { containers: [] } },
      },
    });
    await world.run(jobController, ttlAfterFinishedController);
    await world.untilQuiet();
    endPods('Succeeded');
    await world.untilQuiet();
    expect(await world.metric('job_controller_jobs_finished_total')).toEqual({ 'Indexed/succeeded/CompletionsReached': 1 });
    expect(await world.metric('job_controller_job_pods_creation_total')).toEqual({ 'new/succeeded': 2 });
    expect(await world.metric('job_controller_job_pods_finished_total')).toEqual({ 'Indexed/succeeded': 2 });
    expect(await world.metric('job_controller_job_finished_indexes_total')).toEqual({ 'succeeded/global': 2 });
    expect(await world.metric('job_controller_terminated_pods_tracking_finalizer_total')).toEqual({ add: 2, delete: 2 });
    expect(await world.metric('job_controller_job_syncs_total')).toMatchObject({ 'Indexed/success/pods_created': 1 });
    await world.clock.advance(60_000);
    await world.settle();
    expect(await world.registry.metrics()).toContain('ttl_after_finished_controller_job_deletion_duration_seconds_count 1');
  });

  it('Jobs tell pods that are tried again from those that are next', async () => {
    world.create(batch.jobs, {
      metadata: { name: 'sum', namespace: 'default' },
      spec: {
        completions: 2,
        parallelism: 1,
        selector: { matchLabels: { app: 'sum' } },
        template: { metadata: { labels: { app: 'sum' } }, spec: { containers: [] } },
      },
    });
    await world.run(jobController);
    await world.untilQuiet();
    endPods('Succeeded');
    await world.untilQuiet();
    expect(await world.metric('job_controller_job_pods_creation_total')).toEqual({ 'new/succeeded': 2 });
    const [next] = world.all(core.pods).filter(({ status }) => status?.phase === 'Running');
    world.api.update(core.pods, 'default', next?.metadata.name ?? '', 'status', { ...next, status: { phase: 'Failed' } } as corev1.Pod);
    await world.settle();
    await world.clock.advance(30_000);
    await world.untilQuiet();
    expect(await world.metric('job_controller_job_pods_creation_total')).toEqual({ 'new/succeeded': 2, 'recreate_terminating_or_failed/succeeded': 1 });
  });

  it('Jobs count what policies say of failures, and Jobs that are run elsewhere', async () => {
    const template = { metadata: { labels: { app: 'sum' } }, spec: { restartPolicy: 'Never', containers: [] } };
    const rules = [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }, { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }];
    world.create(batch.jobs, { metadata: { name: 'sum', namespace: 'default' }, spec: { completions: 1, podFailurePolicy: { rules }, selector: { matchLabels: { app: 'sum' } }, template } });
    world.create(batch.jobs, { metadata: { name: 'theirs', namespace: 'default' }, spec: { managedBy: 'example.com/runner', selector: { matchLabels: { app: 'theirs' } }, template } });
    await world.run(jobController);
    const end = async (status: corev1.PodStatus): Promise<void> => {
      await world.untilQuiet();
      for (const pod of world.all(core.pods).filter((one) => one.status?.phase === 'Running')) world.api.update(core.pods, 'default', pod.metadata.name ?? '', 'status', { ...pod, status: { ...pod.status, ...status } } as corev1.Pod);
      await world.settle();
      await world.clock.advance(30_000);
      await world.untilQuiet();
    };
    await end({ phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True' }] });
    await end({ phase: 'Failed', containerStatuses: [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 42 } } }] });
    expect(await world.metric('job_controller_pod_failures_handled_by_failure_policy_total')).toEqual({ Ignore: 1, FailJob: 1 });
    expect(await world.metric('job_controller_jobs_by_external_controller_total')).toEqual({ 'example.com/runner': 1 });
  });

  it('CronJobs tell how late they are', async () => {
    world.create(batch.cronjobs, { metadata: { name: 'tick', namespace: 'default' }, spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: {} } } } });
    await world.run(cronJobController);
    await world.clock.advance(301_000);
    await world.settle();
    expect(await world.registry.metrics()).toContain('cronjob_controller_job_creation_skew_duration_seconds_count 1');
  });

  it('EndpointSlices tell how many there are, and how often they change', async () => {
    world.create(core.nodes, { metadata: { name: 'node-1' } });
    world.create(core.services, { metadata: { name: 'web', namespace: 'default' }, spec: { clusterIP: '10.96.0.7', selector: { app: 'web' }, ports: [{ port: 80 }], trafficDistribution: 'PreferSameZone' } });
    for (const name of ['a', 'b']) world.create(core.pods, { metadata: { name, namespace: 'default', labels: { app: 'web' } }, spec: { nodeName: 'node-1', containers: [] } });
    world.runPods();
    await world.run(endpointSliceController);
    world.api.delete(core.pods, 'default', 'b', { gracePeriodSeconds: 0 });
    await world.settle();
    expect(await world.metric('endpoint_slice_controller_endpoints_desired')).toEqual({ '': 1 });
    expect(await world.metric('endpoint_slice_controller_num_endpoint_slices')).toEqual({ '': world.all(discovery.endpointslices).length });
    expect(await world.metric('endpoint_slice_controller_changes')).toEqual({ create: 1, update: 1 });
    const text = await world.registry.metrics();
    expect(text).toContain('endpoint_slice_controller_endpoints_removed_per_sync_sum 1');
    expect(text).toContain('endpoint_slice_controller_endpointslices_changed_per_sync_count{topology="Disabled",traffic_distribution="PreferSameZone"}');
    expect(await world.metric('endpoint_slice_controller_services_count_by_traffic_distribution')).toEqual({ PreferSameZone: 1 });
    world.api.delete(core.services, 'default', 'web');
    await world.settle();
    expect(await world.metric('endpoint_slice_controller_endpoints_desired')).toEqual({ '': 0 });
  });

  it('nodes count zones, evictions and the pods that had to go', async () => {
    for (const name of ['n1', 'n2', 'n3', 'n4']) {
      world.create(core.nodes, { metadata: { name, labels: { 'topology.kubernetes.io/zone': 'a' } }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
      world.create(coordination.leases, { metadata: { name, namespace: 'kube-node-lease' }, spec: { renewTime: formatMicroTime(world.clock.now()) } });
    }
    // One that says nothing about its zone is not counted among its nodes, but emptied all the same.
    world.create(core.nodes, { metadata: { name: 'n5', labels: { 'topology.kubernetes.io/zone': 'a', 'node.kubernetes.io/exclude-disruption': '' } }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    world.create(core.namespaces, { metadata: { name: 'kube-system' } });
    world.create(core.pods, { metadata: { name: 'p', namespace: 'default' }, spec: { nodeName: 'n1', containers: [] }, status: { phase: 'Running' } });
    await world.run(nodeLifecycleController, taintEvictionController);
    for (let second = 0; second < 70; second += 5) {
      await world.clock.advance(5_000);
      for (const name of ['n2', 'n3', 'n4']) world.api.update(coordination.leases, 'kube-node-lease', name, '', { metadata: { name, namespace: 'kube-node-lease' }, spec: { renewTime: formatMicroTime(world.clock.now()) } } as never);
      await world.settle();
    }
    expect(await world.metric('node_collector_zone_size')).toEqual({ ':a': 4 });
    expect(await world.metric('node_collector_zone_health')).toEqual({ ':a': 75 });
    expect(await world.metric('node_collector_unhealthy_nodes_in_zone')).toEqual({ ':a': 1 });
    expect(await world.metric('node_collector_evictions_total')).toEqual({ ':a': 2 });
    expect(await world.metric('taint_eviction_controller_pod_deletions_total')).toEqual({ '': 1 });
  });

  it('ranges of pod addresses tell how full they are', async () => {
    for (const name of ['a', 'b']) world.create(core.nodes, { metadata: { name }, spec: {} });
    await world.run(nodeIpamController);
    world.api.delete(core.nodes, '', 'b');
    await world.settle();
    const values = await Promise.all(['cidrset_cidrs_allocations_total', 'cidrset_cidrs_releases_total', 'cidrset_usage_cidrs', 'cirdset_max_cidrs'].map((name) => world.metric(`node_ipam_controller_${name}`)));
    expect(values.map((byRange) => byRange['10.244.0.0/16'])).toEqual([2, 1, 1 / 256, 256]);
    expect(await world.registry.metrics()).toContain('node_ipam_controller_cidrset_allocation_tries_per_request_count{clusterCIDR="10.244.0.0/16"} 2');
  });

  it('attachments tell what should be, what is, and what was taken by force', async () => {
    world.create(core.nodes, { metadata: { name: 'n1', annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' } }, spec: {}, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    const { metadata: { uid = '' } } = world.create(core.persistentvolumeclaims, { metadata: { name: 'data', namespace: 'default' }, spec: { volumeName: 'disk' }, status: { phase: 'Bound' } });
    world.create(core.persistentvolumes, { metadata: { name: 'disk' }, spec: { claimRef: { namespace: 'default', name: 'data', uid }, csi: { driver: 'disk.example.com', volumeHandle: 'handle' } } });
    world.create(core.pods, { metadata: { name: 'p', namespace: 'default' }, spec: { nodeName: 'n1', containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] } });
    await world.run(attachDetachController);
    expect(await world.metric('attachdetach_controller_total_volumes')).toEqual({ 'kubernetes.io/csi:disk.example.com/desired_state_of_world': 1, 'kubernetes.io/csi:disk.example.com/actual_state_of_world': 1 });
    expect(await world.metric('storage_count_attachable_volumes_in_use')).toEqual({ 'n1/kubernetes.io/csi:disk.example.com': 1 });
    world.change(core.nodes, 'n1', (node) => (node.status = { ...node.status, volumesInUse: ['kubernetes.io/csi/disk.example.com^handle'] }), 'status');
    world.change(core.nodes, 'n1', (node) => (node.spec = { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] }));
    world.api.delete(core.pods, 'default', 'p', { gracePeriodSeconds: 0 });
    await world.settle();
    expect(await world.metric('attach_detach_controller_attachdetach_controller_forced_detaches')).toEqual({ 'out-of-service': 1 });
  });

  it('mirrored Endpoints count slices, endpoints and what was changed', async () => {
    const subset = (...ips: string[]): corev1.EndpointSubset => ({ addresses: ips.map((ip) => ({ ip })), ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] });
    world.create(core.services, { metadata: { name: 'db', namespace: 'default' }, spec: { ports: [{ port: 5432 }] } });
    world.create(core.endpoints, { metadata: { name: 'db', namespace: 'default' }, subsets: [subset('192.0.2.1', '192.0.2.2')] });
    await world.run(endpointSliceMirroringController);
    world.change(core.endpoints, 'db', (object) => (object.subsets = [subset('192.0.2.2', '192.0.2.3')]));
    await world.settle();
    expect(await world.metric('endpoint_slice_mirroring_controller_changes')).toEqual({ create: 1, update: 1 });
    expect(await world.metric('endpoint_slice_mirroring_controller_endpoints_desired')).toEqual({ '': 2 });
    const text = await world.registry.metrics();
    for (const line of [
      'endpoints_added_per_sync_sum 3',
      'endpoints_removed_per_sync_sum 1',
      'endpoints_updated_per_sync_sum 0',
      'num_endpoint_slices 1',
      'desired_endpoint_slices 1',
    ]) expect(text).toContain(`endpoint_slice_mirroring_controller_${line}`);
    world.api.delete(core.services, 'default', 'db');
    await world.settle();
    expect(await world.metric('endpoint_slice_mirroring_controller_num_endpoint_slices')).toEqual({ '': 0 });
  });

  it('autoscalers count rounds by what came of them', async () => {
    world.create(apps.deployments, { metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 5, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } } } } });
    world.create(autoscaling.horizontalpodautoscalers, { metadata: { name: 'web', namespace: 'default' }, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 3 } });
    world.create(autoscaling.horizontalpodautoscalers, { metadata: { name: 'lost', namespace: 'default' }, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' }, maxReplicas: 3 } });
    await world.run(horizontalPodAutoscalerController);
    expect(await world.metric('horizontal_pod_autoscaler_controller_reconciliations_total')).toMatchObject({ 'scale_down/none': 1, 'none/internal': 1 });
    expect(await world.metric('horizontal_pod_autoscaler_controller_desired_replicas')).toEqual({ 'default/web': 3 });
    expect(await world.metric('horizontal_pod_autoscaler_controller_num_horizontal_pod_autoscalers')).toEqual({ '': 2 });
    world.api.delete(autoscaling.horizontalpodautoscalers, 'default', 'web');
    await world.settle();
    expect(await world.metric('horizontal_pod_autoscaler_controller_desired_replicas')).toEqual({});
    expect(await world.metric('horizontal_pod_autoscaler_controller_num_horizontal_pod_autoscalers')).toEqual({ '': 1 });
  });

  it('the pod garbage collector count what it removed, and why', async () => {
    world.create(core.pods, { metadata: { name: 'p', namespace: 'default' }, spec: { nodeName: 'gone', containers: [] }, status: { phase: 'Running' } });
    await world.run(podGarbageCollector);
    for (let turn = 0; turn < 4; turn++) {
      await world.clock.advance(20_000);
      await world.settle();
    }
    expect(await world.metric('pod_gc_collector_force_delete_pods_total')).toEqual({ 'default/orphaned': 1 });
  });

  it('the publisher of the CA count namespaces by the answer they got', async () => {
    let refused = 0;
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'create' && refused++ === 0) throw serviceUnavailable('not now');
    };
    world.create(core.namespaces, { metadata: { name: 'team' } });
    await world.run(rootCaController);
    await world.clock.advance(1_000);
    await world.settle();
    expect(await world.metric('root_ca_cert_publisher_sync_total')).toEqual({ 503: 1, 200: 1 });
  });

  it('ephemeral volumes count claims', async () => {
    world.create(core.pods, {
      metadata: { name: 'p', namespace: 'default' },
      spec: {
        containers: [],
        volumes: [{ name: 'v', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } } }],
      },
    });
    await world.run(ephemeralVolumeController);
    expect([await world.metric('ephemeral_volume_controller_create_total'), await world.metric('ephemeral_volume_controller_create_failures_total')]).toEqual([{ '': 1 }, { '': 0 }]);
  });
});
