import { certificates, core, resource, storage, type certificatesv1beta1, type corev1 } from '@navarch/api';
import { aPod } from '@navarch/testing';
import type { AuthorizationAttributes, User } from '../../pipeline';
import { aNodeUser, aRequest, aUser } from '../../testing/admission-attributes';
import { ObjectTable } from '../../testing/object-table';
import { NodeAuthorizer } from './node-authorizer';

const unrelated = 'no relationship found between node \'n1\' and this object';
const mirror = { 'kubernetes.io/config.mirror': 'x' };

/** Pod `web` on n1 uses all that there is to use; `db` is on n2, `new` on no node yet, `mirror` is n1's own making. */
function world(): { table: ObjectTable; decide(over: Partial<AuthorizationAttributes>, user?: User): string } {
  const web = aPod().named('web').withUid('1').onNode('n1')
    .withInitContainer({ name: 'init', env: [{ name: 'a', valueFrom: { configMapKeyRef: { name: 'init-map', key: 'k' } } }] })
    .withContainer({ name: 'side', envFrom: [{ secretRef: { name: 'env-secret' } }, { configMapRef: { name: 'env-map' } }], env: [{ name: 'a', valueFrom: { secretKeyRef: { name: 'key-secret', key: 'k' } } }] })
    .withVolume({ name: 's', secret: { secretName: 'volume-secret' } })
    .withVolume({ name: 'p', projected: { sources: [{ secret: { name: 'projected-secret' } }, { configMap: { name: 'projected-map' } }] } })
    .withVolume({ name: 'd', persistentVolumeClaim: { claimName: 'data' } })
    .withVolume({ name: 'scratch', ephemeral: {} })
    .withVolume({ name: 'c', csi: { driver: 'x', nodePublishSecretRef: { name: 'csi-secret' } } })
    .with(({ spec, status }) => {
      spec.serviceAccountName = 'robot';
      spec.imagePullSecrets = [{ name: 'pull-secret' }];
      spec.resourceClaims = [{ name: 'gpu', resourceClaimName: 'claimed' }, { name: 'made', resourceClaimTemplateName: 't' }];
      status.resourceClaimStatuses = [{ name: 'made', resourceClaimName: 'web-made-x' }];
      status.extendedResourceClaimStatus = { requestMappings: [], resourceClaimName: 'web-extended-x' };
      spec.ephemeralContainers = [{ name: 'debug', env: [{ name: 'a', valueFrom: { secretKeyRef: { name: 'debug-secret', key: 'k' } } }] }];
    });
  const table = new ObjectTable().put(core.pods,
    web.build(),
    aPod().named('db').withUid('2').onNode('n2').withVolume({ name: 's', secret: { secretName: 'other-secret' } }).build(),
    aPod().named('new').withUid('3').withVolume({ name: 's', secret: { secretName: 'early-secret' } }).build(),
    aPod().named('mirror').withUid('4').onNode('n1').annotated(mirror).withVolume({ name: 's', secret: { secretName: 'mirror-secret' } }).build(),
  );
  const volume = (name: string, claim: string, secret: string, namespace?: string): corev1.PersistentVolume => ({
    metadata: { name },
    spec: {
      claimRef: { namespace: 'default', name: claim },
      csi: {
        driver: 'x',
        volumeHandle: 'h',
        nodeStageSecretRef: { name: secret, ...(namespace ? { namespace } : {}) },
        controllerPublishSecretRef: { name: 'controller-secret', namespace: 'default' },
      },
    },
  });
  table.put(core.persistentvolumes, volume('pv-data', 'data', 'stage-secret'), volume('pv-scratch', 'web-scratch', 'far-secret', 'vault'), volume('pv-other', 'other', 'unmounted-secret'));
  table.put(storage.volumeattachments, ...['n1', 'n2'].map((nodeName) => ({ metadata: { name: `va-${nodeName}` }, spec: { attacher: 'x', nodeName, source: {} } })));
  table.put(resource.resourceslices, ...['n1', 'n2'].map((nodeName) => ({ metadata: { name: `slice-${nodeName}` }, spec: { driver: 'x', nodeName, pool: { generation: 1, name: 'p', resourceSliceCount: 1 } } })));
  table.put(certificates.podcertificaterequests, ...['n1', 'n2'].map((nodeName) => ({ metadata: { namespace: 'default', name: `of-${nodeName}` }, spec: { nodeName } as certificatesv1beta1.PodCertificateRequestSpec })));
  const authorizer = new NodeAuthorizer(table);
  return {
    table,
    decide: (over, user = aNodeUser('n1')) => {
      const { verdict, reason } = authorizer.authorize(user, aRequest(over));
      return verdict === 'allow' ? 'allow' : (reason ?? '');
    },
  };
}

describe('NodeAuthorizer', () => {
  it.each<{ user: User; reason: string }>([
    { user: aUser('jane', 'system:nodes'), reason: '' },
    { user: aUser('system:node:n1', 'system:authenticated'), reason: '' },
    { user: aUser('system:node:', 'system:nodes'), reason: 'unknown node for user "system:node:"' },
    { user: aNodeUser('n3'), reason: 'no relationship found between node \'n3\' and this object' },
  ])('is for nodes only: $user', ({ user, reason }) => {
    expect(world().decide({ resource: 'secrets', name: 'volume-secret' }, user)).toBe(reason);
  });

  it.each([
    ...['env-secret', 'key-secret', 'volume-secret', 'projected-secret', 'csi-secret', 'pull-secret', 'debug-secret', 'stage-secret'].map((name) => ({ resource: 'secrets', name })),
    ...['init-map', 'env-map', 'projected-map'].map((name) => ({ resource: 'configmaps', name })),
    ...['data', 'web-scratch'].map((name) => ({ resource: 'persistentvolumeclaims', name })),
    ...['pv-data', 'pv-scratch'].map((name) => ({ resource: 'persistentvolumes', name, namespace: '' })),
    ...['claimed', 'web-made-x', 'web-extended-x'].map((name) => ({ group: 'resource.k8s.io', resource: 'resourceclaims', name })),
    { resource: 'secrets', name: 'far-secret', namespace: 'vault' },
    { resource: 'pods', name: 'web' },
    { resource: 'pods', name: 'mirror' },
    { resource: 'serviceaccounts', name: 'robot' },
    { group: 'storage.k8s.io', resource: 'volumeattachments', name: 'va-n1', namespace: '' },
  ])('lets a node get what its pods use: $resource $name', (over) => {
    const { decide } = world();
    expect(decide(over)).toBe('allow');
    expect(decide(over, aNodeUser('n2'))).toContain('no relationship found');
  });

  it.each<Partial<AuthorizationAttributes> & { reason: string }>([
    { resource: 'secrets', name: 'other-secret', reason: unrelated },
    { resource: 'secrets', name: 'early-secret', reason: unrelated },
    { resource: 'secrets', name: 'mirror-secret', reason: unrelated },
    { resource: 'secrets', name: 'unmounted-secret', reason: unrelated },
    { resource: 'secrets', name: 'controller-secret', reason: unrelated },
    { resource: 'secrets', name: 'volume-secret', namespace: 'other', reason: unrelated },
    { resource: 'secrets', name: '', reason: 'No Object name found' },
    { resource: 'secrets', name: '', verb: 'list', namespace: '', reason: 'can only read namespaced object of this type' },
    { resource: 'secrets', name: 'volume-secret', verb: 'update', reason: 'can only read resources of this type' },
    { resource: 'configmaps', name: 'env-map', verb: 'delete', reason: 'can only read resources of this type' },
    { resource: 'persistentvolumeclaims', name: 'data', verb: 'list', reason: 'can only get individual resources of this type' },
    { resource: 'persistentvolumes', name: 'pv-other', namespace: '', reason: unrelated },
    { resource: 'persistentvolumes', name: 'none', namespace: '', reason: unrelated },
    { resource: 'persistentvolumeclaims', name: 'other', subresource: 'status', verb: 'patch', reason: unrelated },
    { resource: 'persistentvolumeclaims', name: 'data', subresource: 'status', verb: 'get', reason: 'can only get/update/patch this type' },
    { resource: 'serviceaccounts', name: 'default', subresource: 'token', verb: 'create', reason: unrelated },
    { resource: 'serviceaccounts', name: 'robot', verb: 'update', reason: 'can only create tokens for individual service accounts' },
    { resource: 'serviceaccounts', name: '', verb: 'list', reason: 'can only create tokens for individual service accounts' },
    { resource: 'serviceaccounts', name: 'robot', subresource: 'x', verb: 'create', reason: 'can only create token subresource of serviceaccount' },
    { resource: 'pods', name: 'db', reason: unrelated },
    { resource: 'pods', name: 'new', reason: unrelated },
    { resource: 'pods', name: '', verb: 'list', reason: 'can only list/watch pods with spec.nodeName field selector' },
    { resource: 'pods', name: '', verb: 'watch', fieldSelector: 'spec.nodeName=n2', reason: 'can only list/watch pods with spec.nodeName field selector' },
    { resource: 'pods', name: '', verb: 'watch', fieldSelector: 'spec.nodeName!=n1', reason: 'can only list/watch pods with spec.nodeName field selector' },
    { resource: 'pods', name: '', verb: 'list', fieldSelector: 'spec.nodeName', reason: 'can only list/watch pods with spec.nodeName field selector' },
    { resource: 'pods', name: 'web', verb: 'update', reason: '' },
    { resource: 'pods', name: 'web', subresource: 'exec', verb: 'create', reason: '' },
    { resource: 'pods', name: 'web', subresource: 'binding', verb: 'create', reason: '' },
    { resource: 'pods', name: '', verb: 'deletecollection', reason: '' },
    { resource: 'nodes', name: 'n2', namespace: '', reason: 'node \'n1\' cannot read \'n2\', only its own Node object' },
    { resource: 'nodes', name: '', verb: 'watch', namespace: '', reason: 'node \'n1\' cannot read all nodes, only its own Node object' },
    { resource: 'nodes', name: 'n1', verb: 'delete', namespace: '', reason: '' },
    { resource: 'nodes', name: 'n1', subresource: 'proxy', namespace: '', reason: '' },
    { group: 'coordination.k8s.io', resource: 'leases', name: 'n1', namespace: 'default', reason: 'can only access leases in the "kube-node-lease" system namespace' },
    { group: 'coordination.k8s.io', resource: 'leases', name: 'n2', namespace: 'kube-node-lease', verb: 'update', reason: 'can only access node lease with the same name as the requesting node' },
    { group: 'coordination.k8s.io', resource: 'leases', name: '', namespace: 'kube-node-lease', verb: 'list', reason: 'can only get, create, update, patch, or delete a node lease' },
    { group: 'storage.k8s.io', resource: 'csinodes', name: 'n2', namespace: '', reason: 'can only access CSINode with the same name as the requesting node' },
    { group: 'storage.k8s.io', resource: 'volumeattachments', name: 'va-n2', namespace: '', reason: unrelated },
    { group: 'resource.k8s.io', resource: 'resourceslices', name: 'slice-n2', namespace: '', verb: 'delete', reason: unrelated },
    { group: 'resource.k8s.io', resource: 'resourceslices', name: '', namespace: '', verb: 'list', reason: 'can only list/watch/deletecollection resourceslices with nodeName field selector' },
    { group: 'certificates.k8s.io', resource: 'podcertificaterequests', name: 'of-n2', verb: 'get', reason: unrelated },
    { group: 'certificates.k8s.io', resource: 'podcertificaterequests', name: '', verb: 'list', reason: 'can only list/watch podcertificaterequests with nodeName field selector' },
    { group: 'certificates.k8s.io', resource: 'podcertificaterequests', name: 'of-n1', verb: 'delete', reason: 'nodes may not delete PodCertificateRequests' },
    { group: 'certificates.k8s.io', resource: 'podcertificaterequests', name: 'of-n1', verb: 'update', subresource: 'status', reason: 'nodes may not access the status subresource of PodCertificateRequests' },
    { resource: 'services', name: 'a', verb: 'update', reason: '' },
    { group: 'apps', resource: 'deployments', name: 'a', reason: '' },
    { isResource: false, path: '/metrics', resource: '', namespace: '', reason: '' },
  ])('refuses $verb $resource $name $subresource $fieldSelector: $reason', ({ reason, ...over }) => {
    expect(world().decide(over)).toBe(reason);
  });

  it.each<Partial<AuthorizationAttributes>>([
    { resource: 'secrets', name: '', verb: 'watch', fieldSelector: 'metadata.name=volume-secret' },
    { resource: 'secrets', name: 'volume-secret', verb: 'list' },
    { resource: 'pods', name: '', verb: 'list', namespace: '', fieldSelector: 'spec.nodeName=n1' },
    { resource: 'pods', name: '', verb: 'watch', namespace: '', fieldSelector: 'status.phase!=Failed,spec.nodeName==n1' },
    { resource: 'pods', name: '', verb: 'watch', fieldSelector: 'metadata.name=web' },
    { group: 'resource.k8s.io', resource: 'resourceslices', name: '', namespace: '', verb: 'list', fieldSelector: 'spec.nodeName=n1,spec.driver=a.example' },
    { resource: 'pods', name: '', verb: 'create' },
    { resource: 'pods', name: 'web', verb: 'delete' },
    { resource: 'pods', name: 'web', verb: 'patch', subresource: 'status' },
    { resource: 'pods', name: 'web', verb: 'create', subresource: 'eviction' },
    { resource: 'serviceaccounts', name: 'robot', verb: 'create', subresource: 'token' },
    { resource: 'persistentvolumeclaims', name: 'data', verb: 'patch', subresource: 'status' },
    { resource: 'nodes', name: '', verb: 'create', namespace: '' },
    { resource: 'nodes', name: 'n1', verb: 'get', namespace: '' },
    { resource: 'nodes', name: '', verb: 'watch', namespace: '', fieldSelector: 'metadata.name=n1' },
    { resource: 'nodes', name: 'n1', verb: 'patch', namespace: '', subresource: 'status' },
    { resource: 'services', name: '', verb: 'watch', namespace: '' },
    { group: 'discovery.k8s.io', resource: 'endpointslices', name: '', verb: 'list', namespace: '' },
    { resource: 'events', name: '', verb: 'create' },
    { group: 'coordination.k8s.io', resource: 'leases', name: 'n1', verb: 'update', namespace: 'kube-node-lease' },
    { group: 'coordination.k8s.io', resource: 'leases', name: '', verb: 'create', namespace: 'kube-node-lease' },
    { group: 'storage.k8s.io', resource: 'csinodes', name: 'n1', verb: 'patch', namespace: '' },
    { group: 'resource.k8s.io', resource: 'resourceslices', name: 'slice-n1', verb: 'update', namespace: '' },
    { group: 'certificates.k8s.io', resource: 'podcertificaterequests', name: '', verb: 'create' },
    { group: 'certificates.k8s.io', resource: 'podcertificaterequests', name: 'of-n1', verb: 'get' },
    { group: 'certificates.k8s.io', resource: 'podcertificaterequests', name: '', verb: 'watch', fieldSelector: 'spec.nodeName=n1' },
    { group: 'resource.k8s.io', resource: 'resourceslices', name: '', verb: 'deletecollection', namespace: '', fieldSelector: 'spec.nodeName=n1' },
    { group: 'resource.k8s.io', resource: 'resourceslices', name: '', verb: 'create', namespace: '' },
    { group: 'node.k8s.io', resource: 'runtimeclasses', name: 'x', namespace: '' },
    { group: 'certificates.k8s.io', resource: 'clustertrustbundles', name: 'x', namespace: '' },
    { group: 'certificates.k8s.io', resource: 'certificatesigningrequests', name: '', verb: 'create', namespace: '' },
    { group: 'authorization.k8s.io', resource: 'subjectaccessreviews', name: '', verb: 'create', namespace: '' },
  ])('lets a node $verb $resource $name $subresource $fieldSelector', (over) => {
    expect(world().decide(over)).toBe('allow');
  });

  it('follows pods as they are bound, change and go', () => {
    const { table, decide } = world();
    const secret = (name: string): string => decide({ resource: 'secrets', name });
    const late = aPod().named('late').withUid('9').withVolume({ name: 's', secret: { secretName: 'late-secret' } });
    table.put(core.pods, late.build());
    expect(secret('late-secret')).toBe(unrelated);
    table.put(core.pods, late.onNode('n1').build(), aPod().named('second').withUid('10').onNode('n1').withVolume({ name: 's', secret: { secretName: 'late-secret' } }).build());
    expect(secret('late-secret')).toBe('allow');
    table.put(core.pods, late.with(({ spec }) => (spec.ephemeralContainers = [{ name: 'd', envFrom: [{ secretRef: { name: 'debug' } }] }])).build());
    expect(secret('debug')).toBe('allow');
    table.remove(core.pods, 'default', 'second');
    expect(secret('late-secret')).toBe('allow');
    table.remove(core.pods, 'default', 'late');
    expect([secret('late-secret'), secret('debug'), secret('volume-secret')]).toEqual([unrelated, unrelated, 'allow']);
  });

  it('follows volumes as they are bound and go', () => {
    const { table, decide } = world();
    expect(decide({ resource: 'secrets', name: 'stage-secret' })).toBe('allow');
    table.remove(core.persistentvolumes, '', 'pv-data');
    expect(decide({ resource: 'secrets', name: 'stage-secret' })).toBe(unrelated);
  });

  it('says that a node\'s rules cannot be listed', () => {
    const authorizer = new NodeAuthorizer(new ObjectTable());
    expect(authorizer.rulesFor(aNodeUser('n1'))).toMatchObject({ incomplete: true, evaluationError: 'node authorizer does not support user rule resolution' });
    expect(authorizer.rulesFor(aUser('jane'))).toEqual({ resourceRules: [], nonResourceRules: [], incomplete: false });
  });
});
