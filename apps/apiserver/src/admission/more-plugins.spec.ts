import { builtInCodec } from '../codec/kind-codec';
import { core, networking, node, scheduling, storage, type certificatesv1, type corev1, type KubeObject, type networkingv1, type nodev1, type schedulingv1alpha2, type storagev1 } from '@navarch/api';
import type { ApiError } from '@navarch/apimachinery';
import { FakeClock } from '@navarch/clock';
import { createRegistry, silentLogger } from '@navarch/component-base';
import { createCertificateRequest } from '@navarch/pki';
import { aPod } from '@navarch/testing';
import type { AdmissionAttributes, AuthorizationAttributes, Authorizer } from '../pipeline';
import { RoleRules } from '../auth/rbac/role-rules';
import { anAdmission, aUser } from '../testing/admission-attributes';
import { admit } from '../testing/admit';
import { ObjectTable } from '../testing/object-table';
import { CertificateApproval, CertificateSigning, ClusterTrustBundleAttest, PodCertificateSigning } from './certificates/signer-permission';
import { CertificateSubjectRestriction } from './certificates/subject-restriction';
import { DefaultIngressClass, DefaultStorageClass } from './default-class';
import { MatchConditionMetrics } from './match-condition-metrics';
import { alwaysDeny, denyServiceExternalIPs, extendedResourceToleration, limitPodHardAntiAffinityTopology, namespaceAutoProvision, namespaceExists } from './optional-plugins';
import { createPlugins, type PluginSelection } from './plugin-table';
import { NodeDeclaredFeatureValidator } from './node-declared-features';
import { PodGroupWorkloadExists } from './pod-group-workload-exists';
import { PodResizeValidator } from './pod-resize';
import { RuntimeClassAdmission } from './runtime-class';
import type { WebhookDeps } from './webhooks/webhook-calls';
import { PolicyMetrics } from './policies/policy-metrics';
import { WebhookMetrics } from './webhooks/webhook-metrics';
import { PersistentVolumeClaimResize, StorageObjectInUseProtection } from './storage-protection';

const claim = (spec: Partial<corev1.PersistentVolumeClaimSpec> = {}, more: Partial<corev1.PersistentVolumeClaim> = {}): corev1.PersistentVolumeClaim => ({ metadata: { name: 'data', namespace: 'default' }, spec, ...more });
const claims = { resource: 'persistentvolumeclaims' };

describe('default classes', () => {
  const storageClass = (name: string, created: string, isDefault = true): storagev1.StorageClass => ({ metadata: { name, creationTimestamp: created, annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) } }, provisioner: 'p' });
  const table = new ObjectTable().put(storage.storageclasses, storageClass('old', '2020-01-01T00:00:00Z'), storageClass('new', '2021-01-01T00:00:00Z'), storageClass('other', '2022-01-01T00:00:00Z', false));

  it.each<{ reason: string; given: corev1.PersistentVolumeClaim; becomes: string | undefined }>([
    { reason: 'a claim without one: the newest default', given: claim(), becomes: 'new' },
    { reason: 'a claim with one', given: claim({ storageClassName: 'other' }), becomes: 'other' },
    { reason: 'a claim that wants none', given: claim({ storageClassName: '' }), becomes: '' },
    { reason: 'a claim of old', given: claim({}, { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } } }), becomes: undefined },
  ])('$reason', async ({ given, becomes }) => {
    await admit(new DefaultStorageClass(table), anAdmission(given, claims));
    expect(given.spec?.storageClassName).toBe(becomes);
  });

  it('an Ingress without one', async () => {
    const ingresses = { group: 'networking.k8s.io', resource: 'ingresses' };
    const classes = new ObjectTable().put(networking.ingressclasses, { metadata: { name: 'web', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } } });
    const [plain, annotated]: networkingv1.Ingress[] = [{ metadata: {} }, { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } } }];
    for (const ingress of [plain, annotated]) expect(await admit(new DefaultIngressClass(classes), anAdmission(ingress, ingresses))).toBe('');
    expect([plain?.spec?.ingressClassName, annotated?.spec]).toEqual(['web', undefined]);
  });
});

describe('a resize', () => {
  const node = (name: string, os: string): corev1.Node => ({ metadata: { name, labels: { 'kubernetes.io/os': os } }, status: { allocatable: { cpu: '2', memory: '2Gi' } } });
  const nodes = new ObjectTable().put(core.nodes, node('small', 'linux'), node('other', 'windows'));
  const on = (nodeName: string, requests: Record<string, string>): corev1.Pod => aPod().with(({ spec }) => {
    if (nodeName !== '') spec.nodeName = nodeName;
    spec.containers = [{ name: 'c', image: 'i', resources: { requests } }];
  }).build();
  const resize = (nodeName: string, requests: Record<string, string>) => anAdmission(on(nodeName, requests), { operation: 'UPDATE', subresource: 'resize', oldObject: on(nodeName, { cpu: '500m' }) });

  it.each<{ what: string; node: string; requests: Record<string, string>; says: string }>([
    { what: 'what the node has', node: 'small', requests: { cpu: '2' }, says: '' },
    { what: 'more than that', node: 'small', requests: { cpu: '2001m', memory: '3Gi' }, says: 'pods "pod" is forbidden: node didn\'t have enough allocatable resources: cpu, requested: 2001, allocatable: 2000; memory, requested: 3221225472, allocatable: 2147483648' },
    { what: 'anything elsewhere than on Linux', node: 'other', requests: { cpu: '1' }, says: 'pods "pod" is forbidden: pod resize is only supported on linux nodes, node "other" is "windows"' },
    { what: 'anything on a node that is gone', node: 'gone', requests: { cpu: '1' }, says: 'pods "pod" is forbidden: node "gone" not found' },
    { what: 'the same again', node: 'gone', requests: { cpu: '500m' }, says: '' },
    { what: 'anything before it has a node', node: '', requests: { cpu: '100' }, says: '' },
  ])('to $what', async ({ node: name, requests, says }) => {
    expect(await admit(new PodResizeValidator(nodes), resize(name, requests))).toBe(says);
  });

  it('tells autoscalers why, in a cause', () => {
    const causeOf = (name: string, cpu: string): unknown => {
      try {
        new PodResizeValidator(nodes).validate(resize(name, { cpu }));
      } catch (error) {
        return (error as ApiError).status.details?.causes;
      }
      return undefined;
    };
    expect([causeOf('small', '3'), causeOf('other', '1')]).toEqual([[{ reason: 'NodeCapacity' }], [{ reason: 'UnsupportedPlatform' }]]);
  });
});

describe('a PodGroup', () => {
  const workload = (name: string, more: object = {}): schedulingv1alpha2.Workload => ({ metadata: { name, namespace: 'default', ...more }, spec: { podGroupTemplates: [{ name: 'worker', schedulingPolicy: { basic: {} } }] } });
  const workloads = new ObjectTable().put(scheduling.workloads, workload('train'), workload('ended', { deletionTimestamp: '2026-01-01T00:00:00Z' }));
  const group = (origin?: { workloadName: string; podGroupTemplateName: string }): schedulingv1alpha2.PodGroup =>
    ({ metadata: { name: 'team', namespace: 'default' }, spec: { schedulingPolicy: { basic: {} }, ...(origin === undefined ? {} : { podGroupTemplateRef: { workload: origin } }) } });
  const refusal = (reason: string): string => `podgroups.scheduling.k8s.io "team" is forbidden: PodGroup rejected: ${reason}`;

  it.each<{ from: string; origin?: { workloadName: string; podGroupTemplateName: string }; says: string }>([
    { from: 'nothing', says: '' },
    { from: 'a template', origin: { workloadName: 'train', podGroupTemplateName: 'worker' }, says: '' },
    { from: 'a template that is not there', origin: { workloadName: 'train', podGroupTemplateName: 'driver' }, says: refusal('PodGroupTemplate "driver" not found in Workload "train"') },
    { from: 'a workload that is not there', origin: { workloadName: 'none', podGroupTemplateName: 'worker' }, says: refusal('Workload "none" not found') },
    { from: 'a workload on its way out', origin: { workloadName: 'ended', podGroupTemplateName: 'worker' }, says: refusal('Workload "ended" is being deleted') },
  ])('made from $from: "$says"', async ({ origin, says }) => {
    expect(await admit(new PodGroupWorkloadExists(workloads), anAdmission(group(origin), { group: 'scheduling.k8s.io', resource: 'podgroups' }))).toBe(says);
  });
});

describe('what a node declares', () => {
  const node = (name: string, ...declaredFeatures: string[]): corev1.Node => ({ metadata: { name }, status: { declaredFeatures } });
  const nodes = new ObjectTable().put(core.nodes, node('old'), node('new', 'GuaranteedQoSPodCPUResize', 'InPlacePodLevelResourcesVerticalScaling'));
  const pod = (nodeName: string, generation: number, container: Record<string, string>, whole?: Record<string, string>): corev1.Pod => ({
    metadata: { name: 'pod', generation },
    spec: { ...(nodeName === '' ? {} : { nodeName }), containers: [{ name: 'c', image: 'i', resources: { requests: container, limits: container } }], ...(whole === undefined ? {} : { resources: { requests: whole } }) },
  });
  const size = { cpu: '1', memory: '1Gi' };
  const initialized = (nodeName: string, generation: number, cpu: string, restartPolicy?: string): corev1.Pod => {
    const { spec, ...rest } = pod(nodeName, generation, {});
    return { ...rest, spec: { ...(spec as corev1.PodSpec), initContainers: [{ name: 'i', image: 'i', resources: { requests: { cpu } }, ...(restartPolicy === undefined ? {} : { restartPolicy }) }] } };
  };
  const lacks = (feature: string): string => `pods "pod" is forbidden: pod update requires features ${feature} which are not available on node "old"`;

  it.each<{ what: string; before: corev1.Pod; after: corev1.Pod; subresource?: string; says: string }>([
    { what: 'more processor time of its own', before: pod('old', 1, size), after: pod('old', 2, { ...size, cpu: '2' }), says: lacks('GuaranteedQoSPodCPUResize') },
    { what: 'that, where it can be', before: pod('new', 1, size), after: pod('new', 2, { ...size, cpu: '2' }), says: '' },
    { what: 'more memory only', before: pod('old', 1, size), after: pod('old', 2, { ...size, memory: '2Gi' }), says: '' },
    { what: 'more processor time that it shares', before: pod('old', 1, { cpu: '1' }), after: pod('old', 2, { cpu: '2' }), says: '' },
    { what: 'another size of the whole', before: pod('old', 1, { cpu: '1' }, { cpu: '1' }), after: pod('old', 2, { cpu: '1' }, { cpu: '2' }), says: lacks('InPlacePodLevelResourcesVerticalScaling') },
    { what: 'that, where it can be', before: pod('new', 1, { cpu: '1' }, { cpu: '1' }), after: pod('new', 2, { cpu: '1' }, { cpu: '2' }), says: '' },
    { what: 'another size of an init container', before: initialized('old', 1, '1'), after: initialized('old', 2, '2'), says: lacks('InPlacePodVerticalScalingInitContainers') },
    { what: 'another size of a sidecar', before: initialized('old', 1, '1', 'Always'), after: initialized('old', 2, '2', 'Always'), says: '' },
    { what: 'anything before it has a node', before: pod('', 1, size), after: pod('', 2, { ...size, cpu: '2' }), says: '' },
    { what: 'it on a node that is gone', before: pod('gone', 1, size), after: pod('gone', 2, { ...size, cpu: '2' }), says: 'pods "pod" is forbidden: node "gone" not found' },
    { what: 'nothing new', before: pod('old', 2, size), after: pod('old', 2, size), says: '' },
    { what: 'a status', before: pod('old', 1, size), after: pod('old', 2, { ...size, cpu: '2' }), subresource: 'status', says: 'not handled' },
  ])('lets a pod there have $what: "$says"', async ({ before, after, subresource = 'resize', says }) => {
    expect(await admit(new NodeDeclaredFeatureValidator(nodes), anAdmission(after, { operation: 'UPDATE', subresource, oldObject: before }))).toBe(says);
  });
});

describe('storage', () => {
  it.each([['', 'persistentvolumes', 'kubernetes.io/pv-protection'], ['', 'persistentvolumeclaims', 'kubernetes.io/pvc-protection'], ['storage.k8s.io', 'volumeattributesclasses', 'kubernetes.io/vac-protection']])('%s/%s is protected', async (group, resource, finalizer) => {
    const object: KubeObject = { metadata: { finalizers: ['own'] } };
    const plugin = new StorageObjectInUseProtection();
    for (let time = 0; time < 2; time++) expect(await admit(plugin, anAdmission(object, { group, resource }))).toBe('');
    expect(object.metadata.finalizers).toEqual(['own', finalizer]);
  });

  const sized = (size: string, phase = 'Bound'): corev1.PersistentVolumeClaim => claim({ storageClassName: 'grows', resources: { requests: { storage: size } } }, { status: { phase } });
  const grows = new ObjectTable().put(storage.storageclasses, { metadata: { name: 'grows' }, provisioner: 'p', allowVolumeExpansion: true });
  it.each<{ reason: string; table: ObjectTable; old: corev1.PersistentVolumeClaim; size: string; refusal: string }>([
    { reason: 'grows', table: grows, old: sized('1Gi'), size: '2Gi', refusal: '' },
    { reason: 'stays', table: new ObjectTable(), old: sized('1Gi'), size: '1024Mi', refusal: '' },
    { reason: 'is not bound', table: grows, old: sized('1Gi', 'Pending'), size: '2Gi', refusal: 'Only bound persistent volume claims can be expanded' },
    { reason: 'is given the class that it grows by', table: grows, old: claim({ resources: { requests: { storage: '1Gi' } } }, { status: { phase: 'Bound' } }), size: '2Gi', refusal: 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize' },
    { reason: 'is of a class that does not grow', table: new ObjectTable(), old: sized('1Gi'), size: '2Gi', refusal: 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize' },
  ])('a claim that $reason', async ({ table, old, size, refusal }) => {
    expect(await admit(new PersistentVolumeClaimResize(table), anAdmission(sized(size), { ...claims, operation: 'UPDATE', oldObject: old }))).toBe(refusal === '' ? '' : `persistentvolumeclaims "data" is forbidden: ${refusal}`);
  });
});

describe('RuntimeClass', () => {
  const gvisor: nodev1.RuntimeClass = { metadata: { name: 'gvisor' }, handler: 'runsc', overhead: { podFixed: { cpu: '100m' } }, scheduling: { nodeSelector: { sandbox: 'yes' }, tolerations: [{ key: 'sandbox', operator: 'Exists' }] } };
  const plugin = (): RuntimeClassAdmission => new RuntimeClassAdmission(new ObjectTable().put(node.runtimeclasses, gvisor));
  const pod = (spec: Partial<corev1.PodSpec>): corev1.Pod & { spec: corev1.PodSpec } => aPod().with((object) => Object.assign(object.spec, spec)).build();

  it('gives the pod its overhead, and nodes that have the runtime', async () => {
    const given = pod({ runtimeClassName: 'gvisor', nodeSelector: { disk: 'ssd' }, tolerations: [{ key: 'a' }] });
    expect(await admit(plugin(), anAdmission(given))).toBe('');
    expect(given.spec).toMatchObject({ overhead: { cpu: '100m' }, nodeSelector: { disk: 'ssd', sandbox: 'yes' }, tolerations: [{ key: 'a' }, { key: 'sandbox', operator: 'Exists' }] });
  });

  it.each<{ reason: string; spec: Partial<corev1.PodSpec>; refusal: string }>([
    { reason: 'the same overhead, written otherwise', spec: { runtimeClassName: 'gvisor', overhead: { cpu: '0.1' } }, refusal: '' },
    { reason: 'a class that is not there', spec: { runtimeClassName: 'x' }, refusal: 'pod rejected: RuntimeClass "x" not found' },
    { reason: 'another overhead', spec: { runtimeClassName: 'gvisor', overhead: { cpu: '1' } }, refusal: "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead" },
    { reason: 'an overhead of its own', spec: { overhead: { cpu: '1' } }, refusal: 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead' },
    { reason: 'other nodes', spec: { runtimeClassName: 'gvisor', nodeSelector: { sandbox: 'no' } }, refusal: 'conflict: runtimeClass.scheduling.nodeSelector[sandbox] = yes; pod.spec.nodeSelector[sandbox] = no' },
  ])('a pod with $reason', async ({ spec, refusal }) => {
    expect(await admit(plugin(), anAdmission(pod(spec)))).toBe(refusal === '' ? '' : `pods "pod" is forbidden: ${refusal}`);
  });
});

describe('certificates', () => {
  const group = 'certificates.k8s.io';
  const request = (signerName: string, status: certificatesv1.CertificateSigningRequestStatus = {}, csr = ''): certificatesv1.CertificateSigningRequest => ({ metadata: { name: 'csr' }, spec: { signerName, request: csr, usages: [] }, status });
  const allowing = (...names: string[]): { authorizer: Authorizer; asked: AuthorizationAttributes[] } => {
    const asked: AuthorizationAttributes[] = [];
    return { asked, authorizer: { name: 'signers', authorize: (_user, attributes) => (asked.push(attributes), { verdict: names.includes(attributes.name) ? 'allow' : 'no-opinion' }) } };
  };
  const write = (object: KubeObject, over: Partial<AdmissionAttributes>): AdmissionAttributes => anAdmission(object, { group, resource: 'certificatesigningrequests', operation: 'UPDATE', oldObject: request('example.com/web'), ...over });

  it.each([['example.com/web', ''], ['example.com/*', ''], ['example.com/other', 'certificatesigningrequests.certificates.k8s.io "csr" is forbidden: user not permitted to approve requests with signerName "example.com/web"']])('who may approve for %s approves: "%s"', async (name, refusal) => {
    const { authorizer, asked } = allowing(name);
    expect(await admit(new CertificateApproval(authorizer), write(request('example.com/web'), { subresource: 'approval' }))).toBe(refusal);
    expect(asked[0]).toMatchObject({ verb: 'approve', group, resource: 'signers', name: 'example.com/web', namespace: '' });
  });

  it.each<{ reason: string; status: certificatesv1.CertificateSigningRequestStatus; refused: boolean }>([
    { reason: 'a certificate', status: { certificate: 'x' }, refused: true },
    { reason: 'a failure', status: { conditions: [{ type: 'Failed', status: 'True' }] }, refused: true },
    { reason: 'another condition', status: { conditions: [{ type: 'Own', status: 'True' }] }, refused: true },
    { reason: 'nothing', status: {}, refused: false },
  ])('only a signer sets $reason', async ({ status, refused }) => {
    const change = write(request('example.com/web', status), { subresource: 'status' });
    expect(await admit(new CertificateSigning(allowing().authorizer), change)).toBe(refused ? 'certificatesigningrequests.certificates.k8s.io "csr" is forbidden: user not permitted to sign requests with signerName "example.com/web"' : '');
    expect(await admit(new CertificateSigning(allowing('example.com/web').authorizer), change)).toBe('');
  });

  it('only a signer answers the request of a pod', async () => {
    const asked = (status: object): KubeObject => ({ metadata: { name: 'pcr' }, spec: { signerName: 'example.com/web' }, status }) as KubeObject;
    const answer = (authorizer: Authorizer, status: object): Promise<string> => admit(new PodCertificateSigning(authorizer), anAdmission(asked(status), { group, resource: 'podcertificaterequests', subresource: 'status', operation: 'UPDATE', oldObject: asked({}), user: aUser('jane') }));
    expect(await answer(allowing().authorizer, { certificateChain: 'x' })).toBe('PodCertificateRequest.certificates.k8s.io "pcr" is invalid: spec.signerName: Forbidden: User "jane" is not permitted to "sign" for signer "example.com/web"');
    expect([await answer(allowing('example.com/*').authorizer, { certificateChain: 'x' }), await answer(allowing().authorizer, {})]).toEqual(['', '']);
  });

  it('only who may attest for a signer publishes its trust', async () => {
    const bundle = { metadata: { name: 'b' }, spec: { signerName: 'example.com/web' } } as KubeObject;
    const attested = anAdmission(bundle, { group, resource: 'clustertrustbundles' });
    expect(await admit(new ClusterTrustBundleAttest(allowing().authorizer), attested)).toBe('clustertrustbundles.certificates.k8s.io "b" is forbidden: user not permitted to attest for signerName "example.com/web"');
    expect(await admit(new ClusterTrustBundleAttest(allowing('example.com/*').authorizer), attested)).toBe('');
  });

  it.each<{ reason: string; signer: string; organizations: string[]; refusal: string }>([
    { reason: 'of the masters', signer: 'kubernetes.io/kube-apiserver-client', organizations: ['system:masters'], refusal: 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed' },
    { reason: 'of others', signer: 'kubernetes.io/kube-apiserver-client', organizations: ['team'], refusal: '' },
    { reason: 'of another signer', signer: 'example.com/web', organizations: ['system:masters'], refusal: '' },
  ])('no certificate $reason', async ({ signer, organizations, refusal }) => {
    const { csr } = await createCertificateRequest({ commonName: 'jane', organizations });
    const asked = write(request(signer, {}, Buffer.from(csr).toString('base64')), { operation: 'CREATE', oldObject: undefined });
    expect(await admit(new CertificateSubjectRestriction(), asked)).toBe(refusal === '' ? '' : `certificatesigningrequests.certificates.k8s.io "csr" is forbidden: ${refusal}`);
  });

  it('nor one that cannot be read', async () => {
    const asked = write(request('kubernetes.io/kube-apiserver-client', {}, 'eA=='), { operation: 'CREATE' });
    expect(await admit(new CertificateSubjectRestriction(), asked)).toContain('failed to parse CSR: not a certificate request in PEM');
  });
});

describe('optional plug-ins', () => {
  it('ExtendedResourceToleration', async () => {
    const pod = aPod().requesting({ cpu: '1', 'example.com/gpu': '1' }).build();
    for (let time = 0; time < 2; time++) await admit(extendedResourceToleration, anAdmission(pod));
    expect(pod.spec.tolerations).toEqual([{ key: 'example.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]);
  });

  it('LimitPodHardAntiAffinityTopology', async () => {
    const pod = (topologyKey: string): corev1.Pod => aPod().with(({ spec }) => (spec.affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] } })).build();
    expect(await admit(limitPodHardAntiAffinityTopology, anAdmission(pod('kubernetes.io/hostname')))).toBe('');
    expect(await admit(limitPodHardAntiAffinityTopology, anAdmission(pod('zone')))).toContain('has TopologyKey zone but only key kubernetes.io/hostname is allowed');
  });

  it('DenyServiceExternalIPs: those that are there may stay', async () => {
    const service = (...externalIPs: string[]): corev1.Service => ({ metadata: { name: 's', namespace: 'default' }, spec: { externalIPs } });
    expect(await admit(denyServiceExternalIPs, anAdmission(service('192.0.2.1'), { resource: 'services' }))).toContain('Use of external IPs is denied by admission control');
    expect(await admit(denyServiceExternalIPs, anAdmission(service('192.0.2.1'), { resource: 'services', operation: 'UPDATE', oldObject: service('192.0.2.1', '192.0.2.2') }))).toBe('');
  });

  it('NamespaceExists and NamespaceAutoProvision', async () => {
    const table = new ObjectTable();
    const write = anAdmission(aPod().inNamespace('new').build());
    expect(await admit(namespaceExists(table), write)).toBe('namespaces "new" not found');
    expect(await admit(namespaceAutoProvision(table, table.writer), write)).toBe('');
    expect(table.get(core.namespaces, '', 'new')).toBeDefined();
    expect(await admit(namespaceExists(table), write)).toBe('');
  });

  it('AlwaysDeny', async () => {
    expect(await admit(alwaysDeny, anAdmission(aPod().build()))).toBe('pods "pod" is forbidden: admission control is denying all modifications');
  });
});

describe('the choice of plug-ins', () => {
  const table = new ObjectTable();
  const none: Authorizer = { name: 'none', authorize: () => ({ verdict: 'no-opinion' }) };
  const webhooks: WebhookDeps = { reader: table, authorizer: none, log: silentLogger, metrics: new WebhookMetrics(createRegistry()), conditions: new MatchConditionMetrics(createRegistry()), versions: { of: () => [], show: (object) => object, accept: (object) => object, complete: () => [], typeOf: ({ kind }) => builtInCodec(kind).type }, caller: { post: () => Promise.reject(new Error('nobody is asked')) } };
  const chosen = (selection: Partial<PluginSelection>): string[] => createPlugins({ enable: [], disable: [], features: { enabled: () => true }, ...selection }, {
    reader: table, writer: table.writer, clock: new FakeClock(), log: silentLogger, metrics: createRegistry(), roles: new RoleRules(table), authorizer: none, webhooks, policies: { ...webhooks, metrics: new PolicyMetrics(createRegistry()), params: { find: () => ({ namespaced: false, list: () => [] }) } }, tolerationSeconds: { notReady: 1, unreachable: 1 }, configurations: new Map(), credentialsOf: () => ({ of: () => Promise.reject(new Error('nobody is asked')) }), endpointOf: () => ({ post: () => Promise.reject(new Error('nobody is asked')) }), resourcesOfKind: () => [],
  }).map(({ name }) => name);

  it('has the namespace first and the quota last', () => {
    expect(chosen({})[0]).toBe('NamespaceLifecycle');
    expect(chosen({}).at(-1)).toBe('ResourceQuota');
  });

  it('adds and leaves out what is asked', () => {
    expect(chosen({ enable: ['AlwaysPullImages'] })).toContain('AlwaysPullImages');
    expect(chosen({})).not.toContain('AlwaysPullImages');
    expect(chosen({ disable: ['PodSecurity'] })).not.toContain('PodSecurity');
    const ungated = chosen({ features: { enabled: (gate) => gate !== 'PodTopologyLabelsAdmission' } });
    expect([chosen({}), ungated].map((names) => names.includes('PodTopologyLabels'))).toEqual([true, false]);
    expect(ungated).toContain('ResourceClaimStatusAuthorization');
  });

  it.each<{ selection: Partial<PluginSelection>; says: string }>([
    { selection: { enable: ['Nonsense'] }, says: 'enable-admission-plugins plugin "Nonsense" is unknown' },
    { selection: { disable: ['RBACEscalation'] }, says: 'disable-admission-plugins plugin "RBACEscalation" is unknown' },
    { selection: { enable: ['Priority'], disable: ['Priority'] }, says: '[Priority] in enable-admission-plugins and disable-admission-plugins overlapped' },
  ])('refuses $says', ({ selection, says }) => {
    expect(() => chosen(selection)).toThrow(says);
  });
});
