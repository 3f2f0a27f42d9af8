import type { Clock } from '@navarch/clock';
import type { FeatureGates, HeededGate, Logger } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import type { RoleRules } from '../auth/rbac/role-rules';
import type { ReviewEndpoint } from '../auth/webhook/webhook-authorizer';
import type { AdmissionPlugin, Authorizer, ObjectReader, ObjectWriter } from '../pipeline';
import type { CallerCredentials } from '../services/caller-credentials';
import { CertificateApproval, CertificateSigning, ClusterTrustBundleAttest, PodCertificateSigning } from './certificates/signer-permission';
import { CertificateSubjectRestriction } from './certificates/subject-restriction';
import { CreateAuthorization } from './create-authorization';
import { DefaultIngressClass, DefaultStorageClass } from './default-class';
import { DefaultTolerationSeconds, type TolerationSeconds } from './default-toleration-seconds';
import { ClaimStatusAuthorization } from './devices/claim-status-authorization';
import { DeviceAdminAccess } from './devices/device-admin-access';
import { FollowedConfigurations } from './followed-configurations';
import { LimitRanger } from './limit-ranger/limit-ranger';
import { NamespaceLifecycle } from './namespace-lifecycle';
import { NodeDeclaredFeatureValidator } from './node-declared-features';
import { NodeRestriction } from './node-restriction/node-restriction';
import { alwaysAdmit, alwaysDeny, denyServiceExternalIPs, extendedResourceToleration, limitPodHardAntiAffinityTopology, namespaceAutoProvision, namespaceExists } from './optional-plugins';
import { alwaysPullImages } from './optional/always-pull-images';
import { EventRateLimit, readEventLimits } from './optional/event-rate-limit';
import { ImagePolicyWebhook, readImagePolicy } from './optional/image-policy-webhook';
import { OwnerReferencesPermissionEnforcement, type ResourcesOfKind } from './optional/owner-references-permission';
import { PodNodeSelector, readNodeSelectors } from './optional/pod-node-selector';
import { PodTolerationRestriction, readClusterTolerations } from './optional/pod-toleration-restriction';
import { PodTopologyLabels } from './optional/pod-topology-labels';
import { pluginConfiguration, type PluginConfigurations } from './plugin-configuration';
import { PodGroupWorkloadExists } from './pod-group-workload-exists';
import { PodResizeValidator } from './pod-resize';
import { PodSecurity } from './pod-security/pod-security';
import { readPodSecurityConfiguration } from './pod-security/pod-security-configuration';
import { PodSecurityMetrics } from './pod-security/pod-security-metrics';
import { MutatingAdmissionPolicyPlugin } from './policies/mutating-policies';
import { ParamAuthorization } from './policies/param-authorization';
import { type PolicyDeps, ValidatingAdmissionPolicyPlugin } from './policies/validating-policies';
import { PriorityAdmission } from './priority';
import { RbacEscalation } from './rbac-escalation';
import { readLimitedResources } from './resource-quota/limited-resources';
import { ResourceQuotaAdmission } from './resource-quota/resource-quota';
import { RuntimeClassAdmission } from './runtime-class';
import { ServiceAccountAdmission } from './service-account';
import { PersistentVolumeClaimResize, StorageObjectInUseProtection } from './storage-protection';
import { TaintNodesByCondition } from './taint-nodes-by-condition';
import { matchConditionCheck } from './webhooks/match-condition-check';
import { MutatingAdmissionWebhook } from './webhooks/mutating-webhooks';
import { ValidatingAdmissionWebhook } from './webhooks/validating-webhooks';
import type { WebhookDeps } from './webhooks/webhook-calls';
import { readWebhookConfiguration } from './webhooks/webhook-configuration';

/** What plug-ins work with. */
export interface PluginDeps {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly authorizer: Authorizer;
  readonly roles: RoleRules;
  readonly tolerationSeconds: TolerationSeconds;
  readonly webhooks: WebhookDeps;
  readonly policies: PolicyDeps;
  readonly resourcesOfKind: ResourcesOfKind;
  readonly configurations: PluginConfigurations;
  /** The server that a kubeconfig names. */
  readonly endpointOf: (kubeconfig: string) => ReviewEndpoint;
  /** What the users of a kubeconfig show to the servers that they are named by. */
  readonly credentialsOf: (kubeconfig: string) => CallerCredentials;
}

interface PluginEntry {
  readonly name: string;
  /** `own`: what upstream does elsewhere, and nobody may switch off. */
  readonly use: 'default' | 'optional' | 'own';
  readonly create: (deps: PluginDeps) => AdmissionPlugin;
  /** Without this there is no such plug-in. */
  readonly gate?: HeededGate;
}

const on = (name: string, create: PluginEntry['create']): PluginEntry => ({ name, use: 'default', create });
const off = (name: string, create: PluginEntry['create']): PluginEntry => ({ name, use: 'optional', create });
const own = (name: string, create: PluginEntry['create']): PluginEntry => ({ name, use: 'own', create });

function required<T>(configuration: T | undefined, plugin: string): T {
  if (configuration === undefined) throw new Error(`admission plug-in ${plugin} needs a configuration: --admission-control-config-file`);
  return configuration;
}

function imagePolicyWebhook({ configurations, endpointOf, clock, log }: PluginDeps): AdmissionPlugin {
  const policy = required(pluginConfiguration(configurations, 'ImagePolicyWebhook', readImagePolicy), 'ImagePolicyWebhook');
  return new ImagePolicyWebhook(policy, { endpoint: endpointOf(policy.kubeConfigFile), clock, log });
}

function webhookDeps({ webhooks, configurations, credentialsOf }: PluginDeps, plugin: string): WebhookDeps {
  const kubeconfig = pluginConfiguration(configurations, plugin, readWebhookConfiguration);
  return kubeconfig === undefined ? webhooks : { ...webhooks, credentials: credentialsOf(kubeconfig) };
}

/** All plug-ins in upstream's order, which is that in which they run. What upstream checks with the object itself comes before what else validates. */
const table: readonly PluginEntry[] = [
  off('AlwaysAdmit', () => alwaysAdmit),
  off('NamespaceAutoProvision', ({ reader, writer }) => namespaceAutoProvision(reader, writer)),
  on('NamespaceLifecycle', ({ reader }) => new NamespaceLifecycle(reader)),
  own('DeviceAdminAccess', ({ reader }) => new DeviceAdminAccess(reader)),
  {
    ...own('ResourceClaimStatusAuthorization', ({ authorizer }) => new ClaimStatusAuthorization(authorizer)),
    gate: 'DRAResourceClaimGranularStatusAuthorization',
  },
  own('PolicyParamAuthorization', ({ authorizer, reader, resourcesOfKind }) => new ParamAuthorization({ authorizer, reader, resourcesOfKind })),
  off('NamespaceExists', ({ reader }) => namespaceExists(reader)),
  off('LimitPodHardAntiAffinityTopology', () => limitPodHardAntiAffinityTopology),
  on('LimitRanger', ({ reader }) => new LimitRanger(reader)),
  on('ServiceAccount', ({ reader, clock }) => new ServiceAccountAdmission(reader, clock)),
  on('NodeRestriction', ({ reader, authorizer }) => new NodeRestriction(reader, authorizer)),
  on('TaintNodesByCondition', () => new TaintNodesByCondition()),
  off('AlwaysPullImages', () => alwaysPullImages),
  off('ImagePolicyWebhook', imagePolicyWebhook),
  on(
    'PodSecurity',
    ({ reader, configurations, metrics }) =>
      new PodSecurity(reader, new PodSecurityMetrics(metrics), pluginConfiguration(configurations, 'PodSecurity', readPodSecurityConfiguration)),
  ),
  off(
    'PodNodeSelector',
    ({ reader, configurations }) => new PodNodeSelector(reader, pluginConfiguration(configurations, 'PodNodeSelector', readNodeSelectors)),
  ),
  on('Priority', ({ reader }) => new PriorityAdmission(reader)),
  on('DefaultTolerationSeconds', ({ tolerationSeconds }) => new DefaultTolerationSeconds(tolerationSeconds)),
  off(
    'PodTolerationRestriction',
    ({ reader, configurations }) =>
      new PodTolerationRestriction(reader, pluginConfiguration(configurations, 'PodTolerationRestriction', readClusterTolerations)),
  ),
  off(
    'EventRateLimit',
    ({ clock, configurations }) =>
      new EventRateLimit(required(pluginConfiguration(configurations, 'EventRateLimit', readEventLimits), 'EventRateLimit'), clock),
  ),
  off('ExtendedResourceToleration', () => extendedResourceToleration),
  on('DefaultStorageClass', ({ reader }) => new DefaultStorageClass(reader)),
  on('StorageObjectInUseProtection', () => new StorageObjectInUseProtection()),
  off('OwnerReferencesPermissionEnforcement', ({ authorizer, resourcesOfKind }) => new OwnerReferencesPermissionEnforcement(authorizer, resourcesOfKind)),
  on('PersistentVolumeClaimResize', ({ reader }) => new PersistentVolumeClaimResize(reader)),
  on('RuntimeClass', ({ reader }) => new RuntimeClassAdmission(reader)),
  on('CertificateApproval', ({ authorizer }) => new CertificateApproval(authorizer)),
  on('CertificateSigning', ({ authorizer }) => new CertificateSigning(authorizer)),
  on('ClusterTrustBundleAttest', ({ authorizer }) => new ClusterTrustBundleAttest(authorizer)),
  on('CertificateSubjectRestriction', () => new CertificateSubjectRestriction()),
  on('DefaultIngressClass', ({ reader }) => new DefaultIngressClass(reader)),
  off('DenyServiceExternalIPs', () => denyServiceExternalIPs),
  { ...on('PodTopologyLabels', ({ reader }) => new PodTopologyLabels(reader)), gate: 'PodTopologyLabelsAdmission' },
  { ...on('NodeDeclaredFeatureValidator', ({ reader }) => new NodeDeclaredFeatureValidator(reader)), gate: 'NodeDeclaredFeatures' },
  on('PodGroupWorkloadExists', ({ reader }) => new PodGroupWorkloadExists(reader)),
  on('PodResizeValidator', ({ reader }) => new PodResizeValidator(reader)),
  on('MutatingAdmissionPolicy', ({ policies }) => new MutatingAdmissionPolicyPlugin(policies)),
  on('MutatingAdmissionWebhook', (deps) => new MutatingAdmissionWebhook(webhookDeps(deps, 'MutatingAdmissionWebhook'))),
  on('ValidatingAdmissionPolicy', ({ policies }) => new ValidatingAdmissionPolicyPlugin(policies)),
  on('ValidatingAdmissionWebhook', (deps) => new ValidatingAdmissionWebhook(webhookDeps(deps, 'ValidatingAdmissionWebhook'))),
  own('MatchConditionCheck', () => matchConditionCheck),
  own('PodCertificateSigning', ({ authorizer }) => new PodCertificateSigning(authorizer)),
  own('CreateAuthorization', ({ authorizer }) => new CreateAuthorization(authorizer)),
  own('RBACEscalation', ({ roles, authorizer, reader }) => new RbacEscalation({ roles, authorizer, reader })),
  on(
    'ResourceQuota',
    ({ reader, writer, clock, log, configurations }) =>
      new ResourceQuotaAdmission({ reader, writer, clock, log, limited: pluginConfiguration(configurations, 'ResourceQuota', readLimitedResources) ?? [] }),
  ),
  off('AlwaysDeny', () => alwaysDeny),
];

export interface PluginSelection {
  /** `--enable-admission-plugins`: besides those on by default. */
  readonly enable: readonly string[];
  /** `--disable-admission-plugins` */
  readonly disable: readonly string[];
  readonly features: Pick<FeatureGates, 'enabled'>;
}

/** Makes the plug-ins that are wanted, in their order. @throws for names that are unknown or contradict each other */
export function createPlugins({ enable, disable, features }: PluginSelection, deps: PluginDeps): AdmissionPlugin[] {
  const known = new Set(table.filter(({ use }) => use !== 'own').map(({ name }) => name));
  for (const [flag, names] of [['enable-admission-plugins', enable], ['disable-admission-plugins', disable]] as const)
    for (const name of names) if (!known.has(name)) throw new Error(`${flag} plugin "${name}" is unknown`);
  for (const name of deps.configurations.keys()) if (!known.has(name)) throw new Error(`admission-control-config-file: plugin "${name}" is unknown`);
  const both = enable.filter((name) => disable.includes(name));
  if (both.length > 0) throw new Error(`[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`);
  const configurations = new FollowedConfigurations(deps.configurations);
  const plugins = table
    .filter(({ gate }) => gate === undefined || features.enabled(gate))
    .filter(({ name, use }) => use === 'own' || (use === 'default' ? !disable.includes(name) : enable.includes(name)))
    .map(({ create }) => create({ ...deps, configurations }));
  const { unread } = configurations;
  if (unread.size > 0) deps.log.warn({ plugins: [...unread] }, 'these configurations of admission plug-ins change nothing here');
  return plugins;
}
