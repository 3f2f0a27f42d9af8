import { Counter, Gauge, Histogram, exponentialBuckets, type Registry } from 'prom-client';
import { DraMetrics } from './dra/dra-metrics';
import { ImageMetrics } from './images/image-metrics';
import { NodeStartMetrics } from './node/node-start-metrics';
import { PluginMetrics } from './plugins/plugin-metrics';
import { PlacementMetrics } from './topology/placement-metrics';
import { ResizeMetrics } from './pods/resize-metrics';
import { PodCertificateMetrics } from './pod-certificates/certificate-metrics';
import { StorageMetrics } from './volumes/storage-metrics';
import { PodResourcesMetrics } from './pod-resources/pod-resources-metrics';

const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const imagePullBuckets = [1, 5, 10, 20, 30, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600];
const podStartBuckets = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600];

/** The kubelet's metrics: names, labels, help texts and buckets are those of upstream's pkg/kubelet/metrics. */
export function createKubeletMetrics(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string = never>(name: string, help: string, ...labelNames: L[]): Counter<L> => new Counter({ name: `kubelet_${name}`, help, labelNames, registers });
  const gauge = <L extends string = never>(name: string, help: string, ...labelNames: L[]): Gauge<L> => new Gauge({ name: `kubelet_${name}`, help, labelNames, registers });
  const histogram = <L extends string = never>(name: string, help: string, buckets: number[], ...labelNames: L[]): Histogram<L> =>
    new Histogram({ name: `kubelet_${name}`, help, buckets, labelNames, registers });
  return {
    nodeName: gauge('node_name', 'The node\'s name. The count is always 1.', 'node'),
    podStartSeconds: histogram('pod_start_duration_seconds', 'Duration in seconds from kubelet seeing a pod for the first time to the pod starting to run', podStartBuckets),
    podStartSliSeconds: histogram('pod_start_sli_duration_seconds', 'Duration in seconds to start a pod, excluding time to pull images and run init containers, measured from pod creation timestamp to when all its containers are reported as started and observed via watch', podStartBuckets),
    firstPodStartSliSeconds: gauge('first_network_pod_start_sli_duration_seconds', 'Duration in seconds to start the first network pod, excluding time to pull images and run init containers, measured from pod creation timestamp to when all its containers are reported as started and observed via watch'),
    podStartTotalSeconds: histogram('pod_start_total_duration_seconds', 'Duration in seconds to start a pod since creation, including time to pull images and run init containers, measured from pod creation timestamp to when all its containers are reported as started and observed via watch', podStartBuckets),
    podWorkerSeconds: histogram('pod_worker_duration_seconds', 'Duration in seconds to sync a single pod. Broken down by operation type: create, update, or sync', defaultBuckets, 'operation_type'),
    podWorkerStartSeconds: histogram('pod_worker_start_duration_seconds', 'Duration in seconds from kubelet seeing a pod to starting a worker.', defaultBuckets),
    cgroupVersion: gauge('cgroup_version', 'cgroup version on the hosts.'),
    metricsProvider: gauge('metrics_provider', 'Metrics provider used by kubelet to collect container stats. Values can be \'cadvisor\' and \'cri\'', 'provider'),
    cgroupSeconds: histogram('cgroup_manager_duration_seconds', 'Duration in seconds for cgroup manager operations. Broken down by method.', defaultBuckets, 'operation_type'),
    imagePullSeconds: histogram('image_pull_duration_seconds', 'Duration in seconds to pull an image.', imagePullBuckets, 'image_size_in_bytes'),
    containersPerPod: histogram('containers_per_pod_count', 'The number of containers per pod.', exponentialBuckets(1, 2, 5)),
    statusSyncSeconds: histogram('pod_status_sync_duration_seconds', 'Duration in seconds to sync a pod status update. Measures time from detection of a change to pod status until the API is successfully updated for that pod, even if multiple intevening changes to pod status occur.', [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 30, 45, 60]),
    relistSeconds: histogram('pleg_relist_duration_seconds', 'Duration in seconds for relisting pods in PLEG.', defaultBuckets),
    relistIntervalSeconds: histogram('pleg_relist_interval_seconds', 'Interval in seconds between relisting in PLEG.', defaultBuckets),
    relistedAtSeconds: gauge('pleg_last_seen_seconds', 'Timestamp in seconds when PLEG was last seen active.'),
    eventsConnected: counter('evented_pleg_connection_success_count', 'The number of times a streaming client was obtained to receive CRI Events.'),
    eventsErrors: counter('evented_pleg_connection_error_count', 'The number of errors encountered during the establishment of streaming connection with the CRI runtime.'),
    eventsLatencySeconds: histogram('evented_pleg_connection_latency_seconds', 'The latency of streaming connection with the CRI runtime, measured in seconds.', defaultBuckets),
    runtimeOperations: counter('runtime_operations_total', 'Cumulative number of runtime operations by operation type.', 'operation_type'),
    runtimeErrors: counter('runtime_operations_errors_total', 'Cumulative number of runtime operation errors by operation type.', 'operation_type'),
    runtimeSeconds: histogram('runtime_operations_duration_seconds', 'Duration in seconds of runtime operations. Broken down by operation type.', exponentialBuckets(0.005, 2.5, 14), 'operation_type'),
    sandboxSeconds: histogram('run_podsandbox_duration_seconds', 'Duration in seconds of the run_podsandbox operations. Broken down by RuntimeClass.Handler.', defaultBuckets, 'runtime_handler'),
    sandboxErrors: counter('run_podsandbox_errors_total', 'Cumulative number of the run_podsandbox operation errors by RuntimeClass.Handler.', 'runtime_handler'),
    deviceRegistrations: counter('device_plugin_registration_total', 'Cumulative number of device plugin registrations. Broken down by resource name.', 'resource_name'),
    deviceAllocationSeconds: histogram('device_plugin_alloc_duration_seconds', 'Duration in seconds to serve a device plugin Allocation request. Broken down by resource name.', defaultBuckets, 'resource_name'),
    orphanedRuntimePods: counter('orphaned_runtime_pods_total', 'Number of pods that have been detected in the container runtime without being already known to the pod worker. This typically indicates the kubelet was restarted while a pod was force deleted in the API or in the local configuration, which is unusual.'),
    restartedPods: counter('restarted_pods_total', 'Number of pods that have been restarted because they were deleted and recreated with the same UID while the kubelet was watching them (common for static pods, extremely uncommon for API pods)', 'static'),
    cleanedVolumes: gauge('orphan_pod_cleaned_volumes', 'The total number of orphaned Pods whose volumes were cleaned in the last periodic sweep.'),
    cleanedVolumesErrors: gauge('orphan_pod_cleaned_volumes_errors', 'The number of orphaned Pods whose volumes failed to be cleaned in the last periodic sweep.'),
    imagesCollected: counter('image_garbage_collected_total', 'Total number of images garbage collected by the kubelet, whether through disk usage or image age.', 'reason'),
    imageVolumes: counter('image_volume_requested_total', 'Number of requested image volumes.'),
    imageVolumesMounted: counter('image_volume_mounted_succeed_total', 'Number of successful image volume mounts.'),
    imageVolumesErrors: counter('image_volume_mounted_errors_total', 'Number of failed image volume mounts.'),
    rejections: counter('admission_rejections_total', 'Cumulative number pod admission rejections by the Kubelet.', 'reason'),
    shutdownStart: gauge('graceful_shutdown_start_time_seconds', 'Last graceful shutdown start time since unix epoch in seconds'),
    shutdownEnd: gauge('graceful_shutdown_end_time_seconds', 'Last graceful shutdown end time since unix epoch in seconds'),
    startedPods: counter('started_pods_total', 'Cumulative number of pods started'),
    startedPodsErrors: counter('started_pods_errors_total', 'Cumulative number of errors when starting pods'),
    startedUserNamespacedPods: counter('started_user_namespaced_pods_total', 'Cumulative number of pods with user namespaces started. This metric will only be collected on Linux.'),
    startedUserNamespacedPodsErrors: counter('started_user_namespaced_pods_errors_total', 'Cumulative number of errors when starting pods with user namespaces. This metric will only be collected on Linux.'),
    startedContainers: counter('started_containers_total', 'Cumulative number of containers started', 'container_type'),
    terminatedContainers: counter('terminated_containers_total', 'Cumulative number of container terminations.', 'container_type', 'exit_code', 'reason'),
    startedContainersErrors: counter('started_containers_errors_total', 'Cumulative number of errors when starting containers', 'container_type', 'code'),
    evictionStatsAgeSeconds: histogram('eviction_stats_age_seconds', 'Time between when stats are collected, and when pod is evicted based on those stats by eviction signal', defaultBuckets, 'eviction_signal'),
    evictions: counter('evictions', 'Cumulative number of pod evictions by eviction signal', 'eviction_signal'),
    preemptions: counter('preemptions', 'Cumulative number of pod preemptions by preemption resource', 'preemption_signal'),
    runningPods: gauge('running_pods', 'Number of pods that have a running pod sandbox'),
    runningContainers: gauge('running_containers', 'Number of containers currently running', 'container_state'),
    desiredPods: gauge('desired_pods', 'The number of pods the kubelet is being instructed to run. static is true if the pod is not from the apiserver.', 'static'),
    activePods: gauge('active_pods', 'The number of pods the kubelet considers active and which are being considered when admitting new pods. static is true if the pod is not from the apiserver.', 'static'),
    workingPods: gauge('working_pods', 'Number of pods the kubelet is actually running, broken down by lifecycle phase, whether the pod is desired, orphaned, or runtime only (also orphaned), and whether the pod is static. An orphaned pod has been removed from local configuration or force deleted in the API and consumes resources that are not otherwise visible.', 'lifecycle', 'config', 'static'),
    mirrorPods: gauge('mirror_pods', 'The number of mirror pods the kubelet will try to create (one per admitted static pod)'),
    hookHttpFallbacks: counter('lifecycle_handler_http_fallbacks_total', 'The number of times lifecycle handlers successfully fell back to http from https.'),
    sleepsCutShort: counter('sleep_action_terminated_early_total', 'The number of times lifecycle sleep handler got terminated before it finishes'),
    ephemeralContainers: gauge('managed_ephemeral_containers', 'Current number of ephemeral containers in pods managed by this kubelet.'),
    podResources: new PodResourcesMetrics(registry),
    dra: new DraMetrics(registry),
    placement: new PlacementMetrics(registry),
    storage: new StorageMetrics(registry),
    podCertificates: new PodCertificateMetrics(registry),
    resizes: new ResizeMetrics(registry),
    nodeStart: new NodeStartMetrics(registry),
    images: new ImageMetrics(registry),
    plugins: new PluginMetrics(registry),
  };
}

export type KubeletMetrics = ReturnType<typeof createKubeletMetrics>;
