/** A gate's maturity, as upstream's metric says it: a stable feature has none. */
export type GateStage = 'ALPHA' | 'BETA' | '' | 'DEPRECATED';

export interface GateFacts {
  readonly stage: GateStage;
  readonly default: boolean;
  /** It may be said, but not changed. */
  readonly locked: boolean;
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** The gates of Kubernetes 1.36, by what they are there: k8s.io/kubernetes/pkg/features and those of the libraries that every process of it links. */
const groups: readonly (GateFacts & { readonly names: readonly string[] })[] = [
  {
    stage: 'ALPHA', default: false, locked: false, names: words(`
      AllAlpha AllowUnsafeMalformedObjectDeletion APIServingWithRoutine CBORServingAndStorage ClientsAllowCBOR ClientsPreferCBOR CloudControllerManagerWatchBasedRoutesReconciliation
      CloudControllerManagerWebhook ContainerStopSignals ControllerManagerReleaseLeaderElectionLockOnExit CPUManagerPolicyAlphaOptions CRIListStreaming CrossNamespaceVolumeDataSource
      CSIVolumeHealth CustomCPUCFSQuotaPeriod DRAListTypeAttributes DRANodeAllocatableResources DRAResourcePoolStatus DRAWorkloadResourceClaims EventedPLEG GangScheduling GenericWorkload
      HPAScaleToZero ImageVolumeWithDigest InPlacePodVerticalScalingExclusiveCPUs InPlacePodVerticalScalingExclusiveMemory KubeletInUserNamespace LoggingAlphaOptions
      ManifestBasedAdmissionControlConfig MemoryQoS MutablePVNodeAffinity NativeHistograms PersistentVolumeClaimUnusedSinceTime PodAndContainerStatsFromCRI PodLevelResourceManagers
      PodLogsQuerySplitStreams PodsAPI QOSReserved ReduceDefaultCrashLoopBackOffDecay RuntimeClassInImageCriApi ShardedListAndWatch StorageCapacityScoring StorageVersionAPI
      TaintTolerationComparisonOperators TopologyAwareWorkloadScheduling TopologyManagerPolicyAlphaOptions UserNamespacesHostNetworkSupport VolumeLimitScaling WindowsCPUAndMemoryAffinity WorkloadAwarePreemption WorkloadWithJob`),
  },
  {
    stage: 'BETA', default: false, locked: false, names: words(`
      AllBeta ClusterTrustBundle ClusterTrustBundleProjection ConcurrentWatchObjectDecode CoordinatedLeaderElection DRADeviceTaintRules
      LocalStorageCapacityIsolationFSQuotaMonitoring MaxUnavailableStatefulSet PodCertificateRequest SchedulerAsyncAPICalls SELinuxMount StorageVersionMigrator`),
  },
  {
    stage: 'BETA', default: true, locked: false, names: words(`
      AllowParsingUserUIDFromCertAuth APIResponseCompression APIServerIdentity AtomicFIFO AuthorizePodWebsocketUpgradeCreatePermission ClearingNominatedNodeNameAfterBinding ClientsAllowCARotation ClientsAllowTLSCacheGC ComponentFlagz
      ComponentStatusz ConstrainedImpersonation ContainerCheckpoint ContainerRestartRules ContextualLogging CPUManagerPolicyBetaOptions CRDObservedGenerationTracking DeclarativeValidationBeta
      DeploymentReplicaSetTerminatingReplicas DetectCacheInconsistency DisableCPUQuotaWithExclusiveCPUs DRAConsumableCapacity DRADeviceBindingConditions DRADeviceTaints DRAExtendedResource
      DRAPartitionableDevices DRAResourceClaimDeviceStatus DRAResourceClaimGranularStatusAuthorization DRASchedulerFilterTimeout EnvFiles ExtendWebSocketsToKubelet GracefulNodeShutdown
      GracefulNodeShutdownBasedOnPodPriority HostnameOverride HPAConfigurableTolerance InOrderInformers InOrderInformersBatchProcess InPlacePodLevelResourcesVerticalScaling InPlacePodVerticalScalingInitContainers
      KubeletCrashLoopBackOffMax KubeletEnsureSecretPulledImages KubeletSeparateDiskGC KubeletServiceAccountTokenForCredentialProviders ListFromCacheSnapshot LoggingBetaOptions MatchLabelKeysInPodTopologySpread
      MatchLabelKeysInPodTopologySpreadSelectorMerge MutablePodResourcesForSuspendedJobs MutableSchedulingDirectivesForSuspendedJobs NodeDeclaredFeatures NominatedNodeNameForExpectation
      OpenAPIEnums OpportunisticBatching PLEGOnDemandRelist PodDeletionCost PodLevelResources PodReadyToStartContainersCondition PodTopologyLabelsAdmission PortForwardWebsockets PreventStaticPodAPIReferences
      RelaxedServiceNameValidation ReloadKubeletClientCAFile ReloadKubeletServerCertificateFile RemoteRequestHeaderUID ResourceHealthStatus ResourceHealthStatusMessage RestartAllContainersOnContainerExits RotateKubeletServerCertificate
      SchedulerAsyncPreemption SchedulerPopFromBackoffQ ServiceAccountNodeAudienceRestriction SizeBasedListCostEstimate StaleControllerConsistencyDaemonSet
      StaleControllerConsistencyJob StaleControllerConsistencyReplicaSet StaleControllerConsistencyStatefulSet StatefulSetSemanticRevisionComparison StorageVersionHash StrictIPCIDRValidation
      StructuredAuthenticationConfigurationEgressSelector StructuredAuthenticationConfigurationJWKSMetrics TokenRequestServiceAccountUIDValidation TopologyManagerPolicyBetaOptions
      TranslateStreamCloseWebsocketRequests UnauthenticatedHTTP2DOSMitigation UnknownVersionInteroperabilityProxy UnlockWhileProcessingFIFO WatchCacheInitializationPostStartHook WatchList
      WatchListClient WindowsGracefulNodeShutdown`),
  },
  { stage: '', default: true, locked: false, names: ['DRAPrioritizedList', 'InformerResourceVersion', 'MutatingAdmissionPolicy', 'TopologyManagerPolicyOptions'] },
  {
    stage: '', default: true, locked: true, names: words(`
      AnonymousAuthConfigurableEndpoints AnyVolumeDataSource APIServerTracing AuthorizeNodeWithSelectors AuthorizeWithSelectors BtreeWatchCache ConsistentListFromCache CPUManagerPolicyOptions
      CRDValidationRatcheting CronJobsScheduledAnnotation CSIServiceAccountTokenSecrets CustomResourceFieldSelectors DeclarativeValidation DisableAllocatorDualWrite DRAAdminAccess
      DynamicResourceAllocation ElasticIndexedJob ExecProbeTimeout ExternalServiceAccountTokenSigner ImageMaximumGCAge ImageVolume InPlacePodVerticalScaling JobBackoffLimitPerIndex JobManagedBy
      JobPodReplacementPolicy JobSuccessPolicy KubeletCgroupDriverFromCRI KubeletFineGrainedAuthz KubeletPodResourcesDynamicResources KubeletPodResourcesGet KubeletPSI KubeletTracing
      LogarithmicScaleDown MatchLabelKeysInPodAffinity MemoryManager MultiCIDRServiceAllocator MutableCSINodeAllocatableCount NFTablesProxyMode
      NodeInclusionPolicyInPodTopologySpread NodeLogQuery NodeSwap OrderedNamespaceDeletion PodIndexLabel PodLifecycleSleepAction PodLifecycleSleepActionAllowZero PodObservedGenerationTracking
      PodSchedulingReadiness PreferSameTrafficDistribution ProcMountType RecoverVolumeExpansionFailure RecursiveReadOnlyMounts RelaxedDNSSearchValidation RelaxedEnvironmentVariableValidation
      ResilientWatchCacheInitialization RetryGenerateName SchedulerQueueingHints SELinuxChangePolicy SELinuxMountReadWriteOncePod SeparateTaintEvictionController ServiceAccountTokenJTI
      ServiceAccountTokenNodeBinding ServiceAccountTokenNodeBindingValidation ServiceAccountTokenPodNodeInfo ServiceTrafficDistribution SidecarContainers StatefulSetAutoDeletePVC
      StatefulSetStartOrdinal StreamingCollectionEncodingToJSON StreamingCollectionEncodingToProtobuf StrictCostEnforcementForVAP StrictCostEnforcementForWebhooks
      StructuredAuthenticationConfiguration StructuredAuthorizationConfiguration SupplementalGroupsPolicy SystemdWatchdog TopologyAwareHints UserNamespacesSupport VolumeAttributesClass WinDSR WinOverlay`),
  },
  {
    stage: 'DEPRECATED', default: false, locked: false, names: words(`
      AllowDNSOnlyNodeCSR AllowInsecureKubeletCertificateSigningRequests ChangeContainerStatusOnKubeletRestart DeclarativeValidationTakeover InPlacePodVerticalScalingAllocatedStatus KMSv1
      KubeletRegistrationGetOnExistsOnly WindowsHostNetwork`),
  },
  { stage: 'DEPRECATED', default: true, locked: false, names: ['DisableNodeKubeProxyVersion', 'KubeletPodResourcesListUseActivePods', 'StorageNamespaceIndex'] },
  { stage: 'DEPRECATED', default: false, locked: true, names: ['AllowOverwriteTerminationGracePeriodSeconds', 'GitRepoVolumeDriver', 'SeparateCacheWatchRPC', 'WatchFromStorageWithoutResourceVersion'] },
  { stage: 'DEPRECATED', default: true, locked: true, names: ['AggregatedDiscoveryRemoveBetaType'] },
];

const gates = groups.flatMap(({ names, ...facts }) => names.map((name) => [name, facts] as const));

/** All names, as they stand above. */
export const gateNames: readonly string[] = gates.map(([name]) => name);

/** By name. */
export const gateTable: ReadonlyMap<string, GateFacts> = new Map(gates);

/** Gates that change something here, in the processes that name them. */
export type HeededGate =
  | 'AllowUnsafeMalformedObjectDeletion' | 'APIServerIdentity' | 'AuthorizePodWebsocketUpgradeCreatePermission' | 'ClusterTrustBundleProjection' | 'ComponentFlagz' | 'ComponentStatusz'
  | 'ContainerStopSignals' | 'CoordinatedLeaderElection' | 'CrossNamespaceVolumeDataSource' | 'DRAListTypeAttributes' | 'DRANodeAllocatableResources' | 'DRAResourceClaimGranularStatusAuthorization'
  | 'DRAWorkloadResourceClaims' | 'GenericWorkload' | 'ImageVolumeWithDigest' | 'MaxUnavailableStatefulSet' | 'NodeDeclaredFeatures' | 'PodCertificateRequest' | 'PodTopologyLabelsAdmission'
  | 'TaintTolerationComparisonOperators' | 'TopologyAwareWorkloadScheduling' | 'VolumeLimitScaling' | 'WorkloadAwarePreemption';

/** Off by default upstream, and yet done here unless a process that asks about one is told otherwise: their kinds are served when `--runtime-config` says so, and their fields are read. */
export const alwaysDone: ReadonlySet<string> = new Set(words(`
  ClusterTrustBundle ClusterTrustBundleProjection ContainerStopSignals DRADeviceTaintRules DRAListTypeAttributes DRAResourcePoolStatus GangScheduling GenericWorkload MaxUnavailableStatefulSet
  PodCertificateRequest PodLogsQuerySplitStreams StorageVersionAPI StorageVersionMigrator VolumeLimitScaling`));
