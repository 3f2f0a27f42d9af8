import { fieldTexts, type ConfigurationKind, type Field } from '@navarch/component-base';

const { bool, each, entries, list, map, object, switches, text, whole } = fieldTexts;

const thresholds = (value: unknown, path: string): string => entries(value, path).map(([signal, of]) => `${signal}<${of}`).join();

function taint(value: unknown, path: string): string {
  const { key, value: of = '', effect } = object(value, path);
  return `${text(key, `${path}.key`)}=${text(of, `${path}.value`)}:${text(effect, `${path}.effect`)}`;
}

function memoryBank(value: unknown, path: string): string {
  const { numaNode, limits } = object(value, path);
  return `${whole(numaNode, `${path}.numaNode`)}:${map(limits, `${path}.limits`)}`;
}

function patience(value: unknown, path: string): string {
  const { priority, shutdownGracePeriodSeconds } = object(value, path);
  return `${whole(priority, `${path}.priority`)}=${whole(shutdownGracePeriodSeconds, `${path}.shutdownGracePeriodSeconds`)}s`;
}

const headers = (value: unknown, path: string): string => Object.entries(object(value, path)).flatMap(([name, of]) => each(of, `${path}.${name}`, text).map((one) => `${name}:${one}`)).join();

/** By path. */
export const FIELDS: Readonly<Record<string, Field>> = {
  staticPodPath: { flag: 'pod-manifest-path', text }, staticPodURL: { flag: 'manifest-url', text }, staticPodURLHeader: { flag: 'manifest-url-header', text: headers }, podLogsDir: { flag: 'pod-logs-dir', text },
  syncFrequency: { flag: 'sync-frequency', text }, fileCheckFrequency: { flag: 'file-check-frequency', text }, httpCheckFrequency: { flag: 'http-check-frequency', text },
  address: { flag: 'address', text }, port: { flag: 'port', text: whole }, healthzBindAddress: { flag: 'healthz-bind-address', text }, healthzPort: { flag: 'healthz-port', text: whole, pointer: true },
  tlsCertFile: { flag: 'tls-cert-file', text }, tlsPrivateKeyFile: { flag: 'tls-private-key-file', text }, rotateCertificates: { flag: 'rotate-certificates', text: bool }, serverTLSBootstrap: { flag: 'rotate-server-certificates', text: bool },
  tlsMinVersion: { flag: 'tls-min-version', text }, tlsCipherSuites: { flag: 'tls-cipher-suites', text: list }, enableServer: { flag: 'enable-server', text: bool, pointer: true },
  enableDebuggingHandlers: { flag: 'enable-debugging-handlers', text: bool, pointer: true }, enableSystemLogHandler: { flag: 'enable-system-log-handler', text: bool, pointer: true },
  'authentication.webhook.enabled': { flag: 'authentication-token-webhook', text: bool, pointer: true }, 'authentication.webhook.cacheTTL': { flag: 'authentication-token-webhook-cache-ttl', text },
  'authorization.webhook.cacheAuthorizedTTL': { flag: 'authorization-webhook-cache-authorized-ttl', text }, 'authorization.webhook.cacheUnauthorizedTTL': { flag: 'authorization-webhook-cache-unauthorized-ttl', text },
  'authentication.x509.clientCAFile': { flag: 'client-ca-file', text }, 'authentication.anonymous.enabled': { flag: 'anonymous-auth', text: bool, pointer: true }, 'authorization.mode': { flag: 'authorization-mode', text },
  streamingConnectionIdleTimeout: { flag: 'streaming-connection-idle-timeout', text },
  clusterDomain: { flag: 'cluster-domain', text }, clusterDNS: { flag: 'cluster-dns', text: list }, resolvConf: { flag: 'resolv-conf', text, pointer: true },
  nodeStatusUpdateFrequency: { flag: 'node-status-update-frequency', text }, nodeStatusReportFrequency: { flag: 'node-status-report-frequency', text }, nodeLeaseDurationSeconds: { flag: 'node-lease-duration-seconds', text: whole }, nodeStatusMaxImages: { flag: 'node-status-max-images', text: whole, pointer: true },
  imageMaximumGCAge: { flag: 'image-maximum-gc-age', text }, imagePullCredentialsVerificationPolicy: { flag: 'image-pull-credentials-verification-policy', text }, preloadedImagesVerificationAllowlist: { flag: 'preloaded-images-verification-allowlist', text: list },
  imageMinimumGCAge: { flag: 'minimum-image-ttl-duration', text }, imageGCHighThresholdPercent: { flag: 'image-gc-high-threshold', text: whole, pointer: true }, imageGCLowThresholdPercent: { flag: 'image-gc-low-threshold', text: whole, pointer: true },
  cgroupRoot: { flag: 'cgroup-root', text }, cpuManagerPolicy: { flag: 'cpu-manager-policy', text }, cpuManagerPolicyOptions: { flag: 'cpu-manager-policy-options', text: map }, cpuManagerReconcilePeriod: { flag: 'cpu-manager-reconcile-period', text },
  memoryManagerPolicy: { flag: 'memory-manager-policy', text }, topologyManagerPolicy: { flag: 'topology-manager-policy', text }, topologyManagerScope: { flag: 'topology-manager-scope', text }, topologyManagerPolicyOptions: { flag: 'topology-manager-policy-options', text: map },
  runtimeRequestTimeout: { flag: 'runtime-request-timeout', text }, maxPods: { flag: 'max-pods', text: whole }, podsPerCore: { flag: 'pods-per-core', text: whole }, podPidsLimit: { flag: 'pod-max-pids', text: whole, pointer: true },
  eventRecordQPS: { flag: 'event-qps', text: whole, pointer: true }, eventBurst: { flag: 'event-burst', text: whole },
  registryPullQPS: { flag: 'registry-qps', text: whole, pointer: true }, registryBurst: { flag: 'registry-burst', text: whole }, cpuCFSQuota: { flag: 'cpu-cfs-quota', text: bool, pointer: true }, volumeStatsAggPeriod: { flag: 'volume-stats-agg-period', text },
  serializeImagePulls: { flag: 'serialize-image-pulls', text: bool, pointer: true }, maxParallelImagePulls: { flag: 'max-parallel-image-pulls', text: whole, pointer: true },
  evictionHard: { flag: 'eviction-hard', text: thresholds }, evictionSoft: { flag: 'eviction-soft', text: thresholds }, evictionSoftGracePeriod: { flag: 'eviction-soft-grace-period', text: map },
  evictionPressureTransitionPeriod: { flag: 'eviction-pressure-transition-period', text }, evictionMaxPodGracePeriod: { flag: 'eviction-max-pod-grace-period', text: whole }, evictionMinimumReclaim: { flag: 'eviction-minimum-reclaim', text: map },
  protectKernelDefaults: { flag: 'protect-kernel-defaults', text: bool }, failCgroupV1: { flag: 'fail-cgroupv1', text: bool, pointer: true }, oomScoreAdj: { flag: 'oom-score-adj', text: whole, pointer: true }, localStorageCapacityIsolation: { flag: 'local-storage-capacity-isolation', text: bool, pointer: true },
  singleProcessOOMKill: { flag: 'single-process-oom-kill', text: bool, pointer: true },
  mergeDefaultEvictionSettings: { flag: 'merge-default-eviction-settings', text: bool, pointer: true },
  failSwapOn: { flag: 'fail-swap-on', text: bool, pointer: true }, 'memorySwap.swapBehavior': { flag: 'memory-swap-behavior', text },
  containerLogMaxSize: { flag: 'container-log-max-size', text }, containerLogMaxFiles: { flag: 'container-log-max-files', text: whole, pointer: true },
  containerLogMonitorInterval: { flag: 'container-log-monitor-interval', text, pointer: true }, containerLogMaxWorkers: { flag: 'container-log-max-workers', text: whole, pointer: true },
  systemReserved: { flag: 'system-reserved', text: map }, kubeReserved: { flag: 'kube-reserved', text: map }, reservedSystemCPUs: { flag: 'reserved-cpus', text }, systemReservedCgroup: { flag: 'system-reserved-cgroup', text }, kubeReservedCgroup: { flag: 'kube-reserved-cgroup', text },
  enforceNodeAllocatable: { flag: 'enforce-node-allocatable', text: list }, allowedUnsafeSysctls: { flag: 'allowed-unsafe-sysctls', text: list }, providerID: { flag: 'provider-id', text },
  'crashLoopBackOff.maxContainerRestartPeriod': { flag: 'max-container-restart-period', text }, seccompDefault: { flag: 'seccomp-default', text: bool, pointer: true }, enableSystemLogQuery: { flag: 'enable-system-log-query', text: bool, pointer: true },
  shutdownGracePeriod: { flag: 'shutdown-grace-period', text }, shutdownGracePeriodCriticalPods: { flag: 'shutdown-grace-period-critical-pods', text },
  shutdownGracePeriodByPodPriority: { flag: 'shutdown-grace-period-by-pod-priority', text: (value, path) => each(value, path, patience).join() },
  reservedMemory: { flag: 'reserved-memory', text: (value, path) => each(value, path, memoryBank).join(';') },
  registerWithTaints: { flag: 'register-with-taints', text: (value, path) => each(value, path, taint).join() }, registerNode: { flag: 'register-node', text: bool, pointer: true },
  featureGates: { flag: 'feature-gates', text: switches }, containerRuntimeEndpoint: { flag: 'container-runtime-endpoint', text }, imageServiceEndpoint: { flag: 'image-service-endpoint', text },
};

const WITHOUT_EFFECT = new Set([
  'readOnlyPort', 'tlsCurvePreferences', 'enableContentionProfiling', 'kubeletCgroups', 'systemCgroups', 'cgroupsPerQOS', 'cgroupDriver',
  'qosReserved', 'hairpinMode', 'podCIDR', 'runOnce', 'cpuCFSQuotaPeriod', 'maxOpenFiles', 'contentType', 'kubeAPIQPS', 'kubeAPIBurst',
  'enableControllerAttachDetach', 'makeIPTablesUtilChains', 'iptablesMasqueradeBit', 'iptablesDropBit',
  'configMapAndSecretChangeDetectionStrategy', 'showHiddenMetricsForVersion', 'volumePluginDir', 'kernelMemcgNotification', 'logging', 'enableProfilingHandler', 'enableDebugFlagsHandler',
  'memoryThrottlingFactor', 'memoryReservationPolicy', 'tracing', 'userNamespaces',
  'authentication.x509', 'authentication.anonymous', 'authentication.webhook', 'authorization.webhook',
]);

export const KUBELET_CONFIGURATION: ConfigurationKind = {
  component: 'kubelet',
  kind: 'KubeletConfiguration',
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  fields: FIELDS,
  withoutEffect: WITHOUT_EFFECT,
};
