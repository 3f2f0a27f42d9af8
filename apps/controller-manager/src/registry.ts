import type { ControllerContext } from './context';
import { attachDetachController } from './controllers/attach-detach/controller';
import { tokenCleaner } from './controllers/bootstrap-tokens/cleaner';
import { bootstrapSigner } from './controllers/bootstrap-tokens/signer';
import { approvingController } from './controllers/certificates/approving';
import { certificateCleaner } from './controllers/certificates/cleaning';
import { signingController } from './controllers/certificates/signing';
import { bundlePublisher } from './controllers/clustertrustbundle-publisher/controller';
import { clusterRoleAggregationController } from './controllers/clusterrole-aggregation/controller';
import { configRestartController } from './controllers/config-restart/controller';
import { cronJobController } from './controllers/cronjob/controller';
import { daemonSetController } from './controllers/daemonset/controller';
import { deploymentController } from './controllers/deployment/controller';
import { deviceTaintEvictionController } from './controllers/device-taint-eviction/controller';
import { disruptionController } from './controllers/disruption/controller';
import { endpointsController } from './controllers/endpoints/controller';
import { endpointSliceController } from './controllers/endpointslice/controller';
import { endpointSliceMirroringController } from './controllers/endpointslice-mirroring/controller';
import { ephemeralVolumeController } from './controllers/ephemeral-volume/controller';
import { expandController } from './controllers/expand/controller';
import { garbageCollector } from './controllers/garbagecollector/controller';
import { jobController } from './controllers/job/controller';
import { legacyTokenCleaner } from './controllers/legacy-token-cleaner/controller';
import { namespaceController } from './controllers/namespace/controller';
import { nodeIpamController } from './controllers/node-ipam/controller';
import { nodeLifecycleController } from './controllers/nodelifecycle/controller';
import { persistentVolumeBinder } from './controllers/persistentvolume-binder/controller';
import { horizontalPodAutoscalerController } from './controllers/podautoscaler/controller';
import { podGarbageCollector } from './controllers/podgc/controller';
import { policyStatusController } from './controllers/policy-status/controller';
import { podCertificateRequestCleaner } from './controllers/podcertificaterequest-cleaner/controller';
import { podGroupProtectionController } from './controllers/podgroup-protection/controller';
import { pvProtectionController } from './controllers/pv-protection/controller';
import { pvcProtectionController } from './controllers/pvc-protection/controller';
import { replicaSetController } from './controllers/replicaset/controller';
import { resourceClaimController } from './controllers/resourceclaim/controller';
import { poolStatusController } from './controllers/resourcepoolstatusrequest/controller';
import { resourceQuotaController } from './controllers/resourcequota/controller';
import { replicationController } from './controllers/replicationcontroller/controller';
import { rootCaController } from './controllers/root-ca/controller';
import { selinuxWarningController } from './controllers/selinux-warning/controller';
import { serviceAccountController } from './controllers/serviceaccount/controller';
import { serviceAccountTokenController } from './controllers/serviceaccount-token/controller';
import { statefulSetController } from './controllers/statefulset/controller';
import { storageVersionMigrator } from './controllers/storage-version-migrator/controller';
import { storageVersionGarbageCollector } from './controllers/storageversion-gc/controller';
import { taintEvictionController } from './controllers/taint-eviction/controller';
import { ttlAfterFinishedController } from './controllers/ttl-after-finished/controller';
import { serviceBalancerController } from './controllers/service-lb/controller';
import { serviceCidrController } from './controllers/servicecidrs/controller';
import { ttlController } from './controllers/ttl/controller';
import { vacProtectionController } from './controllers/vac-protection/controller';
import type { RunningController } from './running-controller';

export interface ControllerEntry {
  /** Upstream's name. */
  readonly name: string;
  /** The name it had before 1.28, which --controllers still takes; newer ones have had one name only. */
  readonly alias?: string;
  /** As upstream's: `*` does not name it. */
  readonly offByDefault?: true;
  /** Undefined for those that a cloud's own controller-manager runs: they are known, and never run here. */
  readonly create?: (context: ControllerContext) => RunningController;
}

/** All controllers. A new one is a folder under `controllers/` and a line here. */
export const controllers: readonly ControllerEntry[] = [
  { name: 'deployment-controller', alias: 'deployment', create: deploymentController },
  { name: 'replicaset-controller', alias: 'replicaset', create: replicaSetController },
  { name: 'replicationcontroller-controller', alias: 'replicationcontroller', create: replicationController },
  { name: 'daemonset-controller', alias: 'daemonset', create: daemonSetController },
  { name: 'statefulset-controller', alias: 'statefulset', create: statefulSetController },
  { name: 'job-controller', alias: 'job', create: jobController },
  { name: 'cronjob-controller', alias: 'cronjob', create: cronJobController },
  { name: 'ttl-after-finished-controller', alias: 'ttl-after-finished', create: ttlAfterFinishedController },
  { name: 'horizontal-pod-autoscaler-controller', alias: 'horizontalpodautoscaling', create: horizontalPodAutoscalerController },
  { name: 'disruption-controller', alias: 'disruption', create: disruptionController },
  { name: 'config-restart-controller', alias: 'config-restart', create: configRestartController },
  { name: 'endpoints-controller', alias: 'endpoint', create: endpointsController },
  { name: 'endpointslice-controller', alias: 'endpointslice', create: endpointSliceController },
  { name: 'endpointslice-mirroring-controller', alias: 'endpointslicemirroring', create: endpointSliceMirroringController },
  { name: 'namespace-controller', alias: 'namespace', create: namespaceController },
  { name: 'serviceaccount-controller', alias: 'serviceaccount', create: serviceAccountController },
  { name: 'serviceaccount-token-controller', alias: 'serviceaccount-token', create: serviceAccountTokenController },
  { name: 'legacy-serviceaccount-token-cleaner-controller', alias: 'legacy-service-account-token-cleaner', create: legacyTokenCleaner },
  { name: 'root-ca-certificate-publisher-controller', alias: 'root-ca-cert-publisher', create: rootCaController },
  { name: 'node-lifecycle-controller', alias: 'nodelifecycle', create: nodeLifecycleController },
  { name: 'taint-eviction-controller', alias: 'taint-eviction', create: taintEvictionController },
  { name: 'device-taint-eviction-controller', alias: 'device-taint-eviction', create: deviceTaintEvictionController },
  { name: 'node-ipam-controller', alias: 'nodeipam', create: nodeIpamController },
  { name: 'pod-garbage-collector-controller', alias: 'podgc', create: podGarbageCollector },
  { name: 'clusterrole-aggregation-controller', alias: 'clusterrole-aggregation', create: clusterRoleAggregationController },
  { name: 'resourcequota-controller', alias: 'resourcequota', create: resourceQuotaController },
  { name: 'persistentvolume-binder-controller', alias: 'persistentvolume-binder', create: persistentVolumeBinder },
  { name: 'persistentvolume-attach-detach-controller', alias: 'attachdetach', create: attachDetachController },
  { name: 'persistentvolume-expander-controller', alias: 'persistentvolume-expander', create: expandController },
  { name: 'persistentvolumeclaim-protection-controller', alias: 'pvc-protection', create: pvcProtectionController },
  { name: 'persistentvolume-protection-controller', alias: 'pv-protection', create: pvProtectionController },
  { name: 'volumeattributesclass-protection-controller', alias: 'volumeattributesclass-protection', create: vacProtectionController },
  { name: 'ephemeral-volume-controller', alias: 'ephemeral-volume', create: ephemeralVolumeController },
  { name: 'certificatesigningrequest-signing-controller', alias: 'csrsigning', create: signingController },
  { name: 'certificatesigningrequest-approving-controller', alias: 'csrapproving', create: approvingController },
  { name: 'certificatesigningrequest-cleaner-controller', alias: 'csrcleaner', create: certificateCleaner },
  { name: 'bootstrap-signer-controller', alias: 'bootstrapsigner', offByDefault: true, create: bootstrapSigner },
  { name: 'token-cleaner-controller', alias: 'tokencleaner', offByDefault: true, create: tokenCleaner },
  { name: 'service-lb-controller', alias: 'service', create: serviceBalancerController },
  { name: 'resourceclaim-controller', alias: 'resource-claim-controller', create: resourceClaimController },
  { name: 'service-cidr-controller', alias: 'servicecidr', create: serviceCidrController },
  { name: 'validatingadmissionpolicy-status-controller', alias: 'validatingadmissionpolicy-status', create: policyStatusController },
  { name: 'ttl-controller', alias: 'ttl', create: ttlController },
  { name: 'podcertificaterequest-cleaner-controller', create: podCertificateRequestCleaner },
  { name: 'kube-apiserver-serving-clustertrustbundle-publisher-controller', create: bundlePublisher },
  { name: 'storageversion-garbage-collector-controller', alias: 'storage-version-gc', create: storageVersionGarbageCollector },
  { name: 'storage-version-migrator-controller', alias: 'svm', create: storageVersionMigrator },
  { name: 'resourcepoolstatusrequest-controller', create: poolStatusController },
  { name: 'podgroup-protection-controller', create: podGroupProtectionController },
  { name: 'selinux-warning-controller', offByDefault: true, create: selinuxWarningController },
  { name: 'node-route-controller', alias: 'route' },
  { name: 'cloud-node-lifecycle-controller', alias: 'cloud-node-lifecycle' },
  { name: 'garbage-collector-controller', alias: 'garbagecollector', create: garbageCollector },
];

/** Those that `--controllers` asks for. @throws for a name that no controller has */
export function chosenControllers(flag: readonly string[], table: readonly ControllerEntry[] = controllers): ControllerEntry[] {
  const unknown = flag.map((item) => item.replace(/^-/, '')).filter((name) => name !== '*' && !table.some((entry) => isNamed(entry, name)));
  if (unknown.length > 0) throw new Error(unknown.map((name) => `${JSON.stringify(name)} is not in the list of known controllers`).join('\n'));
  return table.filter((entry) => {
    const own = flag.find((item) => item !== '*' && isNamed(entry, item.replace(/^-/, '')));
    return own === undefined ? flag.includes('*') && entry.offByDefault !== true : !own.startsWith('-');
  });
}

function isNamed(entry: ControllerEntry, name: string): boolean {
  return entry.name === name || entry.alias === name;
}
