import { KubeletHarness } from './testing/kubelet-harness';
import { aContainer, aPod } from './testing/pod-bench';

describe('a kubelet\'s metrics', () => {
  let harness: KubeletHarness;
  beforeAll(async () => {
    harness = await KubeletHarness.open();
    await harness.start();
    harness.runtime.registry.add('far:1');
    harness.runtime.behave['pullImage'] = () => harness.clock.sleep(2_000);
    harness.bench.createPod(aPod({
      initContainers: [aContainer('helper', { restartPolicy: 'Always' })], containers: [aContainer('main', { image: 'far:1' }), aContainer('other', { volumeMounts: [{ name: 'cache', mountPath: '/cache' }, { name: 'info', mountPath: '/info' }] })],
      volumes: [{ name: 'cache', emptyDir: {} }, { name: 'info', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } }], securityContext: { fsGroup: process.getgid?.() ?? 0 },
    }, { name: 'slow', creationTimestamp: new Date(harness.clock.now()).toISOString() }));
    await harness.passing('it runs', 500, () => harness.bench.pod('slow')?.status?.phase === 'Running');
    harness.runtime.behave['createContainer'] = () => Promise.reject(new Error('no such file'));
    harness.bench.createPod(aPod({}, { name: 'broken' }));
    await harness.until('it fails to start', () => harness.bench.status('broken')?.state?.waiting?.reason === 'CreateContainerError');
    await harness.passing('pods are counted', 5_000, () => harness.bench.kubelet.table.workers.length === 2 && counted());
  });
  afterAll(() => harness.close());

  let text = '';
  let asking = false;
  const counted = (): boolean => {
    if (!asking) {
      asking = true;
      void harness.bench.registry.metrics().then((now) => (text = now)).finally(() => (asking = false));
    }
    return text.includes('kubelet_running_pods 2');
  };
  const value = (line: string): number => Number(new RegExp(`^${line.replace(/[{}"|]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);

  it.each([
    ['kubelet_node_name{node="node-1"}', 1], ['kubelet_running_pods', 2], ['kubelet_running_containers{container_state="running"}', 3],
    ['kubelet_desired_pods{static=""}', 2], ['kubelet_desired_pods{static="true"}', 0], ['kubelet_active_pods{static=""}', 2], ['kubelet_mirror_pods', 0], ['kubelet_managed_ephemeral_containers', 0],
    ['kubelet_started_pods_total', 2], ['kubelet_started_containers_total{container_type="init_container"}', 1], ['kubelet_containers_per_pod_count_sum', 3],
    ['kubelet_pod_start_duration_seconds_count', 1], ['kubelet_pod_start_total_duration_seconds_count', 1], ['kubelet_pod_start_sli_duration_seconds_count', 1],
    ['kubelet_pod_worker_start_duration_seconds_count', 2], ['kubelet_pod_worker_duration_seconds_count{operation_type="create"}', 2], ['kubelet_image_pull_duration_seconds_sum{image_size_in_bytes="0-10MB"}', 2],
    ['storage_operation_duration_seconds_count{volume_plugin="kubernetes.io/empty-dir",operation_name="volume_mount",status="success",migrated="false"}', 1],
    ['storage_operation_duration_seconds_count{volume_plugin="kubernetes.io/empty-dir",operation_name="volume_fsgroup_recursive_apply",status="success",migrated="false"}', 1],
    ['volume_manager_total_volumes{plugin_name="kubernetes.io/downward-api",state="desired_state_of_world"}', 1], ['volume_manager_total_volumes{plugin_name="kubernetes.io/empty-dir",state="actual_state_of_world"}', 1],
    ['kubelet_working_pods{lifecycle="sync",config="desired",static=""}', 2], ['kubelet_working_pods{lifecycle="terminating",config="runtime_only",static="unknown"}', 0],
    ['kubelet_metrics_provider{provider="cri"}', 1], ['kubelet_pod_in_progress_resizes', 0], ['kubelet_pod_pending_resizes{reason="deferred"}', 0],
    ['kubelet_evented_pleg_connection_error_count', 1], ['kubelet_evented_pleg_connection_success_count', 0],
  ])('say that %s is %d', (line, expected) => expect(value(line)).toBe(expected));

  it('leave the wait for images out of what starting a pod is to be measured by', () => {
    const [total, objective] = [value('kubelet_pod_start_total_duration_seconds_sum'), value('kubelet_pod_start_sli_duration_seconds_sum')];
    expect([total >= 2, total - objective >= 2]).toEqual([true, true]);
  });

  it('tell how long the node took to come, from its machine on', () => {
    const seconds = (step: string): number => value(`kubelet_node_startup_${step}duration_seconds`);
    expect(seconds('registration_')).toBeGreaterThanOrEqual(0);
    expect(seconds('')).toBeCloseTo(seconds('pre_kubelet_') + seconds('pre_registration_') + seconds('registration_') + seconds('post_registration_'), 3);
    expect(value('kubelet_first_network_pod_start_sli_duration_seconds')).toBe(value('kubelet_pod_start_sli_duration_seconds_sum'));
  });

  it('count failures by their reason', () => {
    expect(value('kubelet_started_containers_errors_total{container_type="container",code="CreateContainerError"}')).toBeGreaterThan(0);
    expect(value('kubelet_started_containers_total{container_type="container"}')).toBeGreaterThan(2);
  });

  it('tell how statuses reach the API, and when the runtime was listed', () => {
    expect(value('kubelet_pod_status_sync_duration_seconds_count')).toBeGreaterThan(2);
    expect(value('kubelet_pleg_relist_interval_seconds_count')).toBe(value('kubelet_pleg_relist_duration_seconds_count') - 1);
    expect(value('kubelet_pleg_last_seen_seconds')).toBeGreaterThan(0);
  });
});
