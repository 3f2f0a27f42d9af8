import { type KubeletConfig } from './config';
import { goDuration } from './pods/go-duration';

/**
 * What this kubelet runs with as a KubeletConfiguration (kubelet.config.k8s.io/v1beta1), which upstream shows at /configz: its fields,
 * its units. Flags that upstream has no field for are not part of it.
 */
export function kubeletConfiguration(config: KubeletConfig): Record<string, unknown> {
  return {
    kind: 'KubeletConfiguration',
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    ...ofServing(config),
    ...ofNode(config),
    ...ofPods(config),
    ...ofResources(config),
    ...ofEviction(config),
    ...ofImages(config),
  };
}

function ofServing(config: KubeletConfig): object {
  return {
    address: config.address,
    port: config.port,
    healthzBindAddress: config.healthzBindAddress,
    healthzPort: config.healthzPort,
    ...defined({ tlsCertFile: config.tlsCertFile, tlsPrivateKeyFile: config.tlsPrivateKeyFile, tlsMinVersion: config.tlsMinVersion }),
    ...(config.tlsCipherSuites.length > 0 ? { tlsCipherSuites: config.tlsCipherSuites } : {}),
    rotateCertificates: config.rotateCertificates,
    serverTLSBootstrap: config.rotateServerCertificates,
    authentication: {
      x509: defined({ clientCAFile: config.clientCaFile ?? config.certificateAuthority }),
      webhook: { enabled: config.authenticationTokenWebhook, cacheTTL: goDuration(config.authenticationTokenWebhookCacheTtl) },
      anonymous: { enabled: config.anonymousAuth },
    },
    authorization: {
      mode: config.authorizationMode,
      webhook: {
        cacheAuthorizedTTL: goDuration(config.authorizationWebhookCacheAuthorizedTtl),
        cacheUnauthorizedTTL: goDuration(config.authorizationWebhookCacheUnauthorizedTtl),
      },
    },
    streamingConnectionIdleTimeout: goDuration(config.streamingConnectionIdleTimeout),
    enableServer: config.enableServer,
    enableSystemLogHandler: config.enableSystemLogHandler,
    enableSystemLogQuery: config.enableSystemLogQuery,
    enableDebuggingHandlers: config.enableDebuggingHandlers,
  };
}

function ofNode(config: KubeletConfig): object {
  return {
    containerRuntimeEndpoint: config.containerRuntimeEndpoint,
    ...defined({ imageServiceEndpoint: config.imageServiceEndpoint }),
    runtimeRequestTimeout: goDuration(config.runtimeRequestTimeout),
    registerNode: config.registerNode,
    ...defined({ providerID: config.providerId }),
    registerWithTaints: config.registerWithTaints,
    nodeStatusUpdateFrequency: goDuration(config.nodeStatusUpdateFrequency),
    nodeStatusReportFrequency: goDuration(config.nodeStatusReportFrequency),
    nodeLeaseDurationSeconds: config.nodeLeaseDurationSeconds,
    nodeStatusMaxImages: config.nodeStatusMaxImages,
    eventRecordQPS: config.eventQps,
    eventBurst: config.eventBurst,
    volumeStatsAggPeriod: goDuration(config.volumeStatsAggPeriod),
    shutdownGracePeriod: goDuration(config.shutdownGracePeriod),
    shutdownGracePeriodCriticalPods: goDuration(config.shutdownGracePeriodCriticalPods),
    failSwapOn: config.failSwapOn,
    failCgroupV1: config.failCgroupv1,
    protectKernelDefaults: config.protectKernelDefaults,
    oomScoreAdj: config.oomScoreAdj,
    localStorageCapacityIsolation: config.localStorageCapacityIsolation,
    memorySwap: { swapBehavior: config.memorySwapBehavior },
  };
}

function ofPods(config: KubeletConfig): object {
  return {
    syncFrequency: goDuration(config.syncFrequency),
    fileCheckFrequency: goDuration(config.fileCheckFrequency),
    httpCheckFrequency: goDuration(config.httpCheckFrequency),
    ...defined({ staticPodPath: config.podManifestPath, staticPodURL: config.manifestUrl, podLogsDir: config.podLogsDir }),
    crashLoopBackOff: { maxContainerRestartPeriod: goDuration(config.maxContainerRestartPeriod) },
    seccompDefault: config.seccompDefault,
    maxPods: config.maxPods,
    podsPerCore: config.podsPerCore,
    cpuCFSQuota: config.cpuCfsQuota,
    podPidsLimit: config.podMaxPids,
    singleProcessOOMKill: config.singleProcessOomKill,
    allowedUnsafeSysctls: config.allowedUnsafeSysctls,
    clusterDomain: config.clusterDomain,
    clusterDNS: config.clusterDns,
    resolvConf: config.resolvConf,
    containerLogMaxSize: config.containerLogMaxSize,
    containerLogMaxFiles: config.containerLogMaxFiles,
    containerLogMaxWorkers: config.containerLogMaxWorkers,
    containerLogMonitorInterval: goDuration(config.containerLogMonitorInterval),
  };
}

function ofResources(config: KubeletConfig): object {
  return {
    cgroupDriver: 'cgroupfs',
    cgroupsPerQOS: config.cgroupRoot !== undefined,
    ...defined({
      cgroupRoot: config.cgroupRoot,
      systemReservedCgroup: config.systemReservedCgroup,
      kubeReservedCgroup: config.kubeReservedCgroup,
      reservedSystemCPUs: config.reservedCpus,
    }),
    enforceNodeAllocatable: config.enforceNodeAllocatable,
    kubeReserved: config.kubeReserved,
    systemReserved: config.systemReserved,
    cpuManagerPolicy: config.cpuManagerPolicy,
    cpuManagerPolicyOptions: config.cpuManagerPolicyOptions,
    cpuManagerReconcilePeriod: goDuration(config.cpuManagerReconcilePeriod),
    memoryManagerPolicy: config.memoryManagerPolicy,
    topologyManagerPolicy: config.topologyManagerPolicy,
    topologyManagerPolicyOptions: config.topologyManagerPolicyOptions,
    topologyManagerScope: config.topologyManagerScope,
  };
}

function ofEviction(config: KubeletConfig): object {
  return {
    mergeDefaultEvictionSettings: config.mergeDefaultEvictionSettings,
    evictionHard: thresholds(config.evictionHard),
    evictionSoft: thresholds(config.evictionSoft ?? ''),
    evictionSoftGracePeriod: config.evictionSoftGracePeriod,
    evictionMinimumReclaim: config.evictionMinimumReclaim,
    evictionMaxPodGracePeriod: config.evictionMaxPodGracePeriod,
    evictionPressureTransitionPeriod: goDuration(config.evictionPressureTransitionPeriod),
  };
}

function ofImages(config: KubeletConfig): object {
  return {
    registryPullQPS: config.registryQps,
    registryBurst: config.registryBurst,
    serializeImagePulls: config.serializeImagePulls,
    ...(config.maxParallelImagePulls > 0 ? { maxParallelImagePulls: config.maxParallelImagePulls } : {}),
    imagePullCredentialsVerificationPolicy: config.imagePullCredentialsVerificationPolicy,
    ...(config.preloadedImagesVerificationAllowlist.length > 0 ? { preloadedImagesVerificationAllowlist: config.preloadedImagesVerificationAllowlist } : {}),
    imageMaximumGCAge: goDuration(config.imageMaximumGcAge),
    imageMinimumGCAge: goDuration(config.minimumImageTtlDuration),
    imageGCHighThresholdPercent: config.imageGcHighThreshold,
    imageGCLowThresholdPercent: config.imageGcLowThreshold,
  };
}

/** `memory.available<100Mi,nodefs.available<10%` by signal; the flags have been read before, and make sense. */
function thresholds(text: string): Record<string, string> {
  return Object.fromEntries(text.split(',').filter((part) => part !== '').map((part) => part.split('<') as [string, string]));
}

function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
