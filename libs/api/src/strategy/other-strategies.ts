import { resourceClaimRules } from './deallocated-devices';
import { deviceTaintRuleRules, resourceSliceRules } from './device-taint-times';
import { contentChanged, type KindRules, specChanged, statusOnly } from './kind-rules';

const none: KindRules = {};
const status: KindRules = { initialStatus: () => ({}) };
const spec: KindRules = { generation: specChanged };
const specAndStatus: KindRules = { ...status, ...spec };
const conditional: KindRules = { conditionalUpdate: true };
const content: KindRules = { generation: contentChanged };
const flow: KindRules = { ...specAndStatus, ...statusOnly };
const role: KindRules = { createOnUpdate: true };
/** Changes of a driver are counted, though a new one has no generation (pkg/registry/storage/csidriver). */
const driver: KindRules = {
  onUpdate(object, old) {
    if (specChanged(object, old)) object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
};

/** Kinds with nothing to say but which parts they have. By `<group>/<resource>`. */
export const otherStrategies: Readonly<Record<string, KindRules>> = {
  'admissionregistration.k8s.io/mutatingadmissionpolicies': { ...spec, ...conditional },
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': { ...spec, ...conditional },
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': { ...content, ...conditional },
  'admissionregistration.k8s.io/validatingadmissionpolicies': { ...specAndStatus, ...conditional, ...statusOnly },
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': { ...spec, ...conditional },
  'admissionregistration.k8s.io/validatingwebhookconfigurations': { ...content, ...conditional },
  'apiregistration.k8s.io/apiservices': { ...status, ...conditional, ...statusOnly },
  'autoscaling/horizontalpodautoscalers': { initialStatus: () => ({ desiredReplicas: 0 }) },
  'certificates.k8s.io/clustertrustbundles': conditional,
  'coordination.k8s.io/leases': { createOnUpdate: true, conditionalUpdate: true },
  'coordination.k8s.io/leasecandidates': { createOnUpdate: true, conditionalUpdate: true },
  'events.k8s.io/events': { createOnUpdate: true, ttlSeconds: 3600, defaultPropagation: 'Unsupported' },
  'flowcontrol.apiserver.k8s.io/flowschemas': flow,
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': flow,
  'internal.apiserver.k8s.io/storageversions': { ...status, ...conditional, ...statusOnly },
  'networking.k8s.io/ingressclasses': spec,
  'networking.k8s.io/ingresses': { initialStatus: () => ({ loadBalancer: {} }), ...spec },
  'networking.k8s.io/ipaddresses': none,
  'networking.k8s.io/networkpolicies': spec,
  'networking.k8s.io/servicecidrs': { ...status, ...statusOnly },
  'node.k8s.io/runtimeclasses': { ...conditional, createOnUpdate: true },
  'policy/poddisruptionbudgets': {
    initialStatus: () => ({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
    ...spec,
    ...conditional,
  },
  'rbac.authorization.k8s.io/clusterrolebindings': role,
  'rbac.authorization.k8s.io/clusterroles': role,
  'rbac.authorization.k8s.io/rolebindings': role,
  'rbac.authorization.k8s.io/roles': role,
  'resource.k8s.io/deviceclasses': { ...spec, returnsDeleted: true },
  'resource.k8s.io/devicetaintrules': { ...deviceTaintRuleRules, returnsDeleted: true },
  'resource.k8s.io/resourceclaims': { ...resourceClaimRules, returnsDeleted: true },
  'resource.k8s.io/resourceclaimtemplates': { returnsDeleted: true },
  'resource.k8s.io/resourcepoolstatusrequests': { ...status, ...conditional, ...statusOnly, returnsDeleted: true },
  'resource.k8s.io/resourceslices': { ...resourceSliceRules, returnsDeleted: true },
  'scheduling.k8s.io/podgroups': { ...status, ...statusOnly },
  'scheduling.k8s.io/priorityclasses': { generation: () => false },
  'scheduling.k8s.io/workloads': none,
  'storage.k8s.io/csidrivers': { ...driver, ...conditional, returnsDeleted: true },
  'storage.k8s.io/csinodes': { ...conditional, returnsDeleted: true },
  'storage.k8s.io/csistoragecapacities': conditional,
  'storage.k8s.io/storageclasses': { returnsDeleted: true },
  'storage.k8s.io/volumeattachments': {
    initialStatus: () => ({ attached: false }),
    ...conditional,
    ...statusOnly,
    returnsDeleted: true,
  },
  'storage.k8s.io/volumeattributesclasses': { returnsDeleted: true },
  'storagemigration.k8s.io/storageversionmigrations': { ...specAndStatus, ...conditional, ...statusOnly },
};
