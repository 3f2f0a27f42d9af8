import { core, storage, type authenticationv1, type certificatesv1, type certificatesv1beta1, type corev1, type KubeObject } from '@navarch/api';
import { createCertificateRequest } from '@navarch/pki';
import { aNode, aPod } from '@navarch/testing';
import type { AdmissionAttributes, AuthorizationAttributes, Decision } from '../../pipeline';
import { aNodeUser, aUser, anAdmission, refusalOf } from '../../testing/admission-attributes';
import { admit, concerns } from '../../testing/admit';
import { ObjectTable } from '../../testing/object-table';
import { NodeRestriction } from './node-restriction';

const mirror = { 'kubernetes.io/config.mirror': 'x' };
const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'node-uid', controller: true };
const own = aPod().named('web').withUid('1').onNode('n1');
const claiming: corev1.Pod = { ...own.build(), status: { extendedResourceClaimStatus: { requestMappings: [], resourceClaimName: 'x' } } };
const strange = aPod().named('db').withUid('2').onNode('n2');
const certified = aPod().named('certified').withUid('4').onNode('n1').with(({ spec }) => (spec.serviceAccountName = 'robot'));
const mirrorPod = () => aPod().named('static').annotated(mirror).onNode('n1').with(({ metadata }) => (metadata.ownerReferences = [{ ...owner }]));

function plugin(decide: (asked: AuthorizationAttributes) => Decision = () => ({ verdict: 'no-opinion' })): { plugin: NodeRestriction; table: ObjectTable } {
  const table = new ObjectTable()
    .put(core.pods, own.build(), strange.build(), certified.build(), aPod().named('projected').withUid('3').onNode('n1').withVolume({ name: 't', projected: { sources: [{ serviceAccountToken: { path: 't', audience: 'vault' } }] } })
      .withVolume({ name: 'c', csi: { driver: 'inline' } }).withVolume({ name: 'd', persistentVolumeClaim: { claimName: 'data' } }).withVolume({ name: 'e', ephemeral: {} }).build(),
      aPod().named('driven').withUid('5').onNode('n1').withVolume({ name: 'c', csi: { driver: 'none' } }).build(), aPod().named('claiming').withUid('6').onNode('n1').withVolume({ name: 'd', persistentVolumeClaim: { claimName: 'no' } }).withVolume({ name: 'e', ephemeral: {} }).build())
    .put(core.nodes, { ...aNode().named('n1').build(), metadata: { name: 'n1', uid: 'node-uid' } })
    .put(core.serviceaccounts, { metadata: { namespace: 'default', name: 'robot', uid: 'account-uid' } })
    .put(storage.csidrivers, ...['inline', 'bound'].map((name) => ({ metadata: { name }, spec: { tokenRequests: [{ audience: `for-${name}` }] } })))
    .put(core.persistentvolumeclaims, { metadata: { namespace: 'default', name: 'data' }, spec: { volumeName: 'pv' } })
    .put(core.persistentvolumes, { metadata: { name: 'pv' }, spec: { csi: { driver: 'bound', volumeHandle: 'h' } } });
  return { plugin: new NodeRestriction(table, { name: 'fixed', authorize: (_user, asked) => decide(asked) }), table };
}

const by = (object: KubeObject | undefined, over: Partial<AdmissionAttributes> = {}): AdmissionAttributes => anAdmission(object, { user: aNodeUser('n1'), ...over });
const update = (object: KubeObject, oldObject: KubeObject, over: Partial<AdmissionAttributes> = {}): AdmissionAttributes => by(object, { operation: 'UPDATE', oldObject, ...over });
const remove = (oldObject: KubeObject, over: Partial<AdmissionAttributes> = {}): AdmissionAttributes => by(undefined, { operation: 'DELETE', oldObject, ...over });
const node = (labels: Record<string, string> = {}, spec: corev1.NodeSpec = {}, name = 'n1'): corev1.Node => ({ kind: 'Node', metadata: { name, labels }, spec });
const nodes = { resource: 'nodes', namespaced: false };
const leases = (namespace = 'kube-node-lease'): Partial<AdmissionAttributes> => ({ group: 'coordination.k8s.io', resource: 'leases', namespace });
const claim = (status: corev1.PersistentVolumeClaimStatus, labels: Record<string, string> = {}, resourceVersion = '1'): corev1.PersistentVolumeClaim => ({
  metadata: { namespace: 'default', name: 'data', labels, resourceVersion },
  spec: {},
  status,
});
const claims = { resource: 'persistentvolumeclaims' };
const token = (spec: Partial<authenticationv1.TokenRequestSpec>): AdmissionAttributes => by({ metadata: {}, spec } as KubeObject, { resource: 'serviceaccounts', subresource: 'token', namespace: 'default', name: 'default' });
const boundTo = (name: string, uid: string, more: object = {}): authenticationv1.BoundObjectReference => ({ apiVersion: 'v1', kind: 'Pod', name, uid, ...more });
const podCertificate = (over: Partial<certificatesv1beta1.PodCertificateRequestSpec> = {}): AdmissionAttributes => by(
  { metadata: { name: 'pcr' }, spec: { nodeName: 'n1', nodeUID: 'node-uid', podName: 'certified', podUID: '4', serviceAccountName: 'robot', serviceAccountUID: 'account-uid', ...over } } as KubeObject,
  { group: 'certificates.k8s.io', resource: 'podcertificaterequests', namespace: 'default' },
);
const refuses = (resource: string, name: string, why: string): string => `${resource} "${name}" is forbidden: ${why}`;

describe('NodeRestriction', () => {
  it.each<{ what: string; write: AdmissionAttributes; handled: boolean }>([
    { what: 'a node\'s pods', write: by(own.build()), handled: true },
    { what: 'others\' pods', write: anAdmission(own.build(), { user: aUser('jane', 'system:authenticated') }), handled: false },
    { what: 'a member of system:nodes that is named otherwise', write: anAdmission(own.build(), { user: aUser('jane', 'system:nodes') }), handled: false },
    { what: 'a node\'s events', write: by(own.build(), { resource: 'events' }), handled: false },
    { what: 'connections', write: by(own.build(), { operation: 'CONNECT' }), handled: false },
  ])('looks at $what: $handled', ({ write, handled }) => {
    expect(concerns(plugin().plugin, write)).toBe(handled);
  });

  it.each<{ reason: string; write: AdmissionAttributes; refusal: string }>([
    { reason: 'a node without a name', write: anAdmission(own.build(), { user: aUser('system:node:', 'system:nodes') }), refusal: refuses('pods', 'web', 'could not determine node from user "system:node:"') },
    // Pods.
    { reason: 'a pod that is no mirror pod', write: by(own.build()), refusal: refuses('pods', 'web', 'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods') },
    { reason: 'its mirror pod', write: by(mirrorPod().build()), refusal: '' },
    { reason: 'a mirror pod elsewhere', write: by(mirrorPod().onNode('n2').build()), refusal: refuses('pods', 'static', 'node "n1" can only create pods with spec.nodeName set to itself') },
    { reason: 'a mirror pod without owner', write: by(mirrorPod().with(({ metadata }) => delete metadata.ownerReferences).build()), refusal: refuses('pods', 'static', 'node "n1" can only create pods with an owner reference set to itself') },
    { reason: 'a mirror pod of two owners', write: by(mirrorPod().with(({ metadata }) => (metadata.ownerReferences = [owner, owner])).build()), refusal: refuses('pods', 'static', 'node "n1" can only create pods with a single owner reference set to itself') },
    { reason: 'a mirror pod of another owner', write: by(mirrorPod().with(({ metadata }) => (metadata.ownerReferences = [{ ...owner, name: 'n2' }])).build()), refusal: refuses('pods', 'static', 'node "n1" can only create pods with an owner reference set to itself') },
    { reason: 'a mirror pod that is not controlled', write: by(mirrorPod().with(({ metadata }) => (metadata.ownerReferences = [{ ...owner, controller: false }])).build()), refusal: refuses('pods', 'static', 'node "n1" can only create pods with a controller owner reference set to itself') },
    { reason: 'a mirror pod that blocks its owner', write: by(mirrorPod().with(({ metadata }) => (metadata.ownerReferences = [{ ...owner, blockOwnerDeletion: true }])).build()), refusal: refuses('pods', 'static', 'node "n1" must not set blockOwnerDeletion on an owner reference') },
    { reason: 'a mirror pod of a former node', write: by(mirrorPod().with(({ metadata }) => (metadata.ownerReferences = [{ ...owner, uid: 'old' }])).build()), refusal: refuses('pods', 'static', 'node n1 UID mismatch: expected old got node-uid') },
    { reason: 'a mirror pod with an account', write: by(mirrorPod().with(({ spec }) => (spec.serviceAccountName = 'x')).build()), refusal: refuses('pods', 'static', 'node "n1" can not create pods that reference serviceaccounts') },
    { reason: 'a mirror pod with a secret', write: by(mirrorPod().withVolume({ name: 's', secret: { secretName: 's' } }).build()), refusal: refuses('pods', 'static', 'node "n1" can not create pods that reference secrets') },
    { reason: 'a mirror pod with a config map', write: by(mirrorPod().withVolume({ name: 's', configMap: { name: 's' } }).build()), refusal: refuses('pods', 'static', 'node "n1" can not create pods that reference configmaps') },
    { reason: 'a mirror pod with a claim', write: by(mirrorPod().withVolume({ name: 's', persistentVolumeClaim: { claimName: 's' } }).build()), refusal: refuses('pods', 'static', 'node "n1" can not create pods that reference persistentvolumeclaims') },
    { reason: 'a mirror pod with a claim of devices', write: by(mirrorPod().with(({ spec }) => (spec.resourceClaims = [{ name: 'gpu', resourceClaimName: 'gpu' }])).build()), refusal: refuses('pods', 'static', 'node "n1" can not create pods that reference resourceclaims') },
    { reason: 'a mirror pod with a driver\'s volume', write: by(mirrorPod().withVolume({ name: 's', csi: { driver: 'd' } }).build()), refusal: refuses('pods', 'static', 'node "n1" can not create pods that reference csidrivers (via CSI volumes)') },
    { reason: 'a mirror pod with a token', write: by(mirrorPod().withVolume({ name: 's', projected: { sources: [{ downwardAPI: {} }, { serviceAccountToken: { path: 't' } }] } }).build()), refusal: refuses('pods', 'static', 'node "n1" can not create pods that reference serviceaccounts (via projected volumes)') },
    { reason: 'a mirror pod with what needs no API', write: by(mirrorPod().withVolume({ name: 's', projected: { sources: [{ downwardAPI: {} }] } }).withVolume({ name: 'h', hostPath: { path: '/' } }).build()), refusal: '' },
    // Certificates of pods.
    { reason: 'a certificate of its pod', write: podCertificate(), refusal: '' },
    { reason: 'a certificate for another node', write: podCertificate({ nodeName: 'n2' }), refusal: refuses('podcertificaterequests.certificates.k8s.io', 'pcr', 'PodCertificateRequest.Spec.NodeName="n2", which is not the requesting node "n1"') },
    { reason: 'a certificate of another\'s pod', write: podCertificate({ podName: 'db', podUID: '2' }), refusal: refuses('podcertificaterequests.certificates.k8s.io', 'pcr', 'pod "default/db" is not running on node "n1" named in the PodCertificateRequest') },
    { reason: 'a certificate of a pod of old', write: podCertificate({ podUID: '0' }), refusal: 'Internal error occurred: PodCertificateRequest for pod "default/certified" contains pod UID ("0") which differs from running pod "4"' },
    { reason: 'a certificate of a pod that is not', write: podCertificate({ podName: 'none' }), refusal: 'Internal error occurred: while retrieving pod "default/none" named in the PodCertificateRequest: not found' },
    { reason: 'a certificate for another account', write: podCertificate({ serviceAccountName: 'x' }), refusal: refuses('podcertificaterequests.certificates.k8s.io', 'pcr', 'PodCertificateRequest for pod "default/certified" contains serviceAccountName ("x") that differs from running pod ("robot")') },
    { reason: 'a certificate for an account of old', write: podCertificate({ serviceAccountUID: 'x' }), refusal: 'Internal error occurred: PodCertificateRequest for pod "default/certified" names service account UID "x", which differs from the running service account ("account-uid")' },
    { reason: 'deleting its pod', write: remove(own.build()), refusal: '' },
    { reason: 'deleting another\'s pod', write: remove(strange.build()), refusal: refuses('pods', 'db', 'node "n1" can only delete pods with spec.nodeName set to itself') },
    { reason: 'changing its pod', write: update(own.build(), own.build()), refusal: refuses('pods', 'web', 'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods') },
    { reason: 'its pod\'s status', write: update(own.build(), own.build(), { subresource: 'status' }), refusal: '' },
    { reason: 'another pod\'s status', write: update(strange.build(), strange.build(), { subresource: 'status' }), refusal: refuses('pods', 'db', 'node "n1" can only update pod status for pods with spec.nodeName set to itself') },
    { reason: 'labels with the status', write: update({ ...own.build(), metadata: { ...own.build().metadata, labels: { a: 'b' } } }, own.build(), { subresource: 'status' }), refusal: refuses('pods', 'web', 'node "n1" cannot update labels through pod status') },
    { reason: 'another claim with the status', write: update(claiming, own.build(), { subresource: 'status' }), refusal: refuses('pods', 'web', 'node "n1" cannot update extended resource claim status') },
    { reason: 'evicting its pod', write: by({ metadata: { namespace: 'default', name: 'web' } }, { subresource: 'eviction' }), refusal: '' },
    { reason: 'evicting another\'s pod', write: by({ metadata: { namespace: 'default', name: 'db' } }, { subresource: 'eviction' }), refusal: refuses('pods', 'db', 'node n1 can only evict pods with spec.nodeName set to itself') },
    { reason: 'evicting no pod', write: by({ metadata: { namespace: 'default', name: 'x' } }, { subresource: 'eviction' }), refusal: 'pod "x" not found' },
    { reason: 'binding a pod', write: by({ metadata: { namespace: 'default', name: 'web' } }, { subresource: 'binding' }), refusal: refuses('pods', 'web', 'unexpected pod subresource "binding", only \'status\' and \'eviction\' are allowed') },
    // Nodes.
    { reason: 'registering', write: by(node({ 'kubernetes.io/hostname': 'n1', 'node.kubernetes.io/x': 'y', 'sub.kubelet.kubernetes.io/x': 'y', mine: 'z' }, { taints: [{ key: 'a', effect: 'NoSchedule' }] }), nodes), refusal: '' },
    { reason: 'registering another', write: by(node({}, {}, 'n2'), nodes), refusal: refuses('nodes', 'n2', 'node "n1" is not allowed to modify node "n2"') },
    { reason: 'registering with forbidden labels', write: by(node({ 'x.kubernetes.io/b': '', 'node-restriction.kubernetes.io/a': '', 'k8s.io/c': '' }), nodes), refusal: refuses('nodes', 'n1', 'node "n1" is not allowed to set the following labels: k8s.io/c, node-restriction.kubernetes.io/a, x.kubernetes.io/b') },
    { reason: 'relabelling itself', write: update(node({ 'topology.kubernetes.io/zone': 'b' }), node({ 'topology.kubernetes.io/zone': 'a' }), nodes), refusal: '' },
    { reason: 'keeping a label of others', write: update(node({ 'node-role.kubernetes.io/x': '' }), node({ 'node-role.kubernetes.io/x': '' }), nodes), refusal: '' },
    { reason: 'taking a label of others away', write: update(node(), node({ 'node-role.kubernetes.io/x': '' }), nodes), refusal: refuses('nodes', 'n1', 'is not allowed to modify labels: node-role.kubernetes.io/x') },
    { reason: 'changing its taints', write: update(node(), node({}, { taints: [{ key: 'a', effect: 'NoSchedule' }] }), nodes), refusal: refuses('nodes', 'n1', 'node "n1" is not allowed to modify taints') },
    { reason: 'an owner of itself', write: update({ ...node(), metadata: { name: 'n1', ownerReferences: [{ ...owner, kind: 'Pod' }] } }, node(), { ...nodes, subresource: 'status' }), refusal: refuses('nodes', 'n1', 'node "n1" is not allowed to modify ownerReferences') },
    { reason: 'a source of configuration', write: by(node({}, { configSource: {} }), nodes), refusal: refuses('nodes', 'n1', 'node "n1" is not allowed to create pods with a non-nil configSource') },
    { reason: 'another node\'s status', write: update(node({}, {}, 'n2'), node({}, {}, 'n2'), { ...nodes, subresource: 'status' }), refusal: refuses('nodes', 'n2', 'node "n1" is not allowed to modify node "n2"') },
    // What else is a node's own.
    { reason: 'its lease', write: by({ metadata: { name: 'n1' } }, leases()), refusal: '' },
    { reason: 'another\'s lease', write: by({ metadata: { name: 'n2' } }, leases()), refusal: refuses('leases.coordination.k8s.io', 'n2', 'can only access node lease with the same name as the requesting node') },
    { reason: 'a lease elsewhere', write: by({ metadata: { name: 'n1' } }, leases('default')), refusal: refuses('leases.coordination.k8s.io', 'n1', 'can only access leases in the "kube-node-lease" system namespace') },
    { reason: 'another\'s CSINode', write: remove({ metadata: { name: 'n2' } }, { group: 'storage.k8s.io', resource: 'csinodes' }), refusal: refuses('csinodes.storage.k8s.io', 'n2', 'can only access CSINode with the same name as the requesting node') },
    { reason: 'its slice', write: by({ metadata: { name: 's' }, spec: { nodeName: 'n1' } } as KubeObject, { group: 'resource.k8s.io', resource: 'resourceslices' }), refusal: '' },
    { reason: 'a slice of all nodes', write: by({ metadata: { name: 's' }, spec: {} } as KubeObject, { group: 'resource.k8s.io', resource: 'resourceslices' }), refusal: refuses('resourceslices.resource.k8s.io', 's', 'can only create ResourceSlice with the same NodeName as the requesting node') },
    { reason: 'deleting another\'s slice', write: remove({ metadata: { name: 's' }, spec: { nodeName: 'n2' } } as KubeObject, { group: 'resource.k8s.io', resource: 'resourceslices' }), refusal: refuses('resourceslices.resource.k8s.io', 's', 'can only delete ResourceSlice with the same NodeName as the requesting node') },
    { reason: 'what a volume grew to', write: update(claim({ capacity: { storage: '2Gi' }, conditions: [] }, {}, ''), claim({ phase: 'Bound' }), { ...claims, subresource: 'status' }), refusal: refuses('persistentvolumeclaims', 'data', 'node "n1" is not allowed to update fields other than status.capacity and status.conditions') },
    { reason: 'only what a volume grew to', write: update(claim({ phase: 'Bound', capacity: { storage: '2Gi' } }, {}, ''), claim({ phase: 'Bound', capacity: { storage: '1Gi' } }), { ...claims, subresource: 'status' }), refusal: '' },
    { reason: 'a claim', write: update(claim({}), claim({}), claims), refusal: refuses('persistentvolumeclaims', 'data', 'may only update PVC status') },
    // Tokens.
    { reason: 'a token for its pod', write: token({ audiences: ['vault'], boundObjectRef: boundTo('projected', '3') }), refusal: '' },
    { reason: 'a token for a driver of its pod', write: token({ audiences: ['for-inline'], boundObjectRef: boundTo('projected', '3') }), refusal: '' },
    { reason: 'a token for the driver of a claim', write: token({ audiences: ['for-bound'], boundObjectRef: boundTo('projected', '3') }), refusal: '' },
    { reason: 'a token that no volume asks for', write: token({ boundObjectRef: boundTo('web', '1') }), refusal: refuses('serviceaccounts', 'default', 'audience "" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience') },
    { reason: 'a token for a driver that is not there', write: token({ audiences: ['x'], boundObjectRef: boundTo('driven', '5') }), refusal: refuses('serviceaccounts', 'default', 'error validating audience "x": csidriver.storage.k8s.io "none" not found') },
    { reason: 'a token for claims that are not there', write: token({ audiences: ['x'], boundObjectRef: boundTo('claiming', '6') }), refusal: refuses('serviceaccounts', 'default', 'error validating audience "x": [persistentvolumeclaim "no" not found, persistentvolumeclaim "claiming-e" not found]') },
    { reason: 'a token for two audiences', write: token({ audiences: ['vault', 'x'], boundObjectRef: boundTo('projected', '3') }), refusal: refuses('serviceaccounts', 'default', 'node may only request 0 or 1 audiences') },
    { reason: 'a token for no pod', write: token({}), refusal: refuses('serviceaccounts', 'default', 'node requested token not bound to a pod') },
    { reason: 'a token for a secret', write: token({ boundObjectRef: boundTo('web', '1', { kind: 'Secret' }) }), refusal: refuses('serviceaccounts', 'default', 'node requested token not bound to a pod') },
    { reason: 'a token for a pod of no uid', write: token({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web' } }), refusal: refuses('serviceaccounts', 'default', 'node requested token with a pod binding without a uid') },
    { reason: 'a token for a former pod', write: token({ boundObjectRef: boundTo('web', '0') }), refusal: refuses('serviceaccounts', 'default', 'the UID in the bound object reference (0) does not match the UID in record. The object might have been deleted and then recreated') },
    { reason: 'a token for another\'s pod', write: token({ boundObjectRef: boundTo('db', '2') }), refusal: refuses('serviceaccounts', 'default', 'node requested token bound to a pod scheduled on a different node') },
    { reason: 'a token for a pod that is gone', write: token({ boundObjectRef: boundTo('x', '2') }), refusal: 'pod "x" not found' },
  ])('$reason', async ({ write, refusal }) => {
    const { plugin: restriction } = plugin();
    expect(concerns(restriction, write)).toBe(true);
    expect(await admit(restriction, write)).toBe(refusal);
  });

  it('leaves other audiences to RBAC', async () => {
    const asked: AuthorizationAttributes[] = [];
    const { plugin: restriction } = plugin((attributes) => {
      asked.push(attributes);
      return { verdict: 'allow' };
    });
    expect(await admit(restriction, token({ audiences: ['registry'], boundObjectRef: boundTo('web', '1') }))).toBe('');
    expect(asked).toMatchObject([{ verb: 'request-serviceaccounts-token-audience', group: '', resource: 'registry', name: 'default', namespace: 'default' }]);
  });

  it.each([
    { reason: 'of its own', commonName: 'system:node:n1', signerName: 'kubernetes.io/kubelet-serving', refusal: '' },
    { reason: 'of another node', commonName: 'system:node:n2', signerName: 'kubernetes.io/kube-apiserver-client-kubelet', refusal: 'can only create a node CSR with CN=system:node:n1' },
    { reason: 'of another signer', commonName: 'system:node:n2', signerName: 'example.com/any', refusal: '' },
    { reason: 'that is none', commonName: undefined, signerName: 'kubernetes.io/kubelet-serving', refusal: 'unable to parse csr: not a certificate request in PEM' },
  ])('a certificate request $reason', async ({ commonName, signerName, refusal }) => {
    const csr = commonName === undefined ? 'x' : (await createCertificateRequest({ commonName })).csr;
    const request = { metadata: { name: 'csr' }, spec: { signerName, request: Buffer.from(csr).toString('base64') } } as certificatesv1.CertificateSigningRequest;
    const write = by(request, { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' });
    expect(await refusalOf(() => plugin().plugin.validate(write))).toBe(refusal === '' ? '' : refuses('certificatesigningrequests.certificates.k8s.io', 'csr', refusal));
  });
});
