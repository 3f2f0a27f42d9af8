import { core, resource as dra, type corev1, type resourcev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { resourceClaimController } from './controller';
import { CLAIM_FINALIZER, planClaim, type ClaimPlan } from './sync';

type Claim = resourcev1.ResourceClaim;

const template: resourcev1.ResourceClaimTemplate = { metadata: { name: 'gpu', namespace: 'default' }, spec: { metadata: { labels: { a: 'b' } }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu' } }] } } } };
const pod = (): corev1.Pod => ({ metadata: { name: 'p', namespace: 'default' }, spec: { containers: [], resourceClaims: [{ name: 'card', resourceClaimTemplateName: 'gpu' }] } });

describe('a claim of devices', () => {
  const user = { resource: 'pods', name: 'p', uid: 'u' };
  const allocation = { devices: {} };
  const claim = (status: resourcev1.ResourceClaimStatus, metadata: Partial<Claim['metadata']> = {}): Claim => ({ metadata: { name: 'c', finalizers: [CLAIM_FINALIZER], ...metadata }, spec: {}, status });
  const owner = { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }] };
  const nothing: ClaimPlan = { dropFinalizer: false, remove: false };
  it.each<{ reason: string; given: Claim; used: boolean; expected: ClaimPlan }>([
    { reason: 'in use is left alone', given: claim({ allocation, reservedFor: [user] }), used: true, expected: nothing },
    { reason: 'of a pod that is done gives its devices back', given: claim({ allocation, reservedFor: [user] }), used: false, expected: { status: {}, dropFinalizer: true, remove: false } },
    { reason: 'keeps those who still use it', given: claim({ allocation, reservedFor: [user, { resource: 'ships', apiGroup: 'x', name: 's', uid: 's' }] }), used: false, expected: { status: { allocation, reservedFor: [{ resource: 'ships', apiGroup: 'x', name: 's', uid: 's' }] }, dropFinalizer: false, remove: false } },
    { reason: 'allocated for a pod that has yet to start keeps its devices', given: claim({ allocation }), used: true, expected: nothing },
    { reason: 'that is deleted gives its devices back', given: claim({ allocation }, { deletionTimestamp: 'x' }), used: false, expected: { status: {}, dropFinalizer: true, remove: false } },
    { reason: 'made for a pod that is done goes', given: claim({}, { ...owner, finalizers: [] }), used: false, expected: { dropFinalizer: false, remove: true } },
  ])('$reason', ({ given, used, expected }) => expect(planClaim(given, () => used)).toEqual(expected));
});

describe('a pod with claims of devices', () => {
  it('gets them from templates, is told their names, and takes them along when it goes', async () => {
    const world = new ControllerWorld();
    world.create(core.pods, pod());
    await world.run(resourceClaimController);
    expect(world.eventsOf('p')[0]).toBe('FailedResourceClaimCreation: PodResourceClaim card: resource claim template "gpu": resourceclaimtemplate.resource.k8s.io "gpu" not found');
    world.create(dra.resourceclaimtemplates, template);
    await world.settle();
    const [made] = world.all<Claim>(dra.resourceclaims);
    expect(made).toMatchObject({ metadata: { generateName: 'p-card-', labels: { a: 'b' }, annotations: { 'resource.kubernetes.io/pod-claim-name': 'card' }, ownerReferences: [{ kind: 'Pod', name: 'p' }] }, spec: template.spec.spec });
    expect(world.get(core.pods, 'p').status?.resourceClaimStatuses).toEqual([{ name: 'card', resourceClaimName: made?.metadata.name }]);
    await world.clock.advance(60_000);
    expect(world.all(dra.resourceclaims)).toHaveLength(1);
    expect(await world.metric('resourceclaim_controller_creates_total')).toEqual({ 'success/false': 1 });
    world.create<Claim>(dra.resourceclaims, { metadata: { name: 'own', namespace: 'default' }, spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu', adminAccess: true } }] } }, status: { allocation: { devices: {} } } });
    await world.settle();
    expect(await world.metric('resourceclaim_controller_resource_claims')).toEqual({ 'false/false/resource_claim_template': 1, 'true/true/': 1 });
    world.api.delete(dra.resourceclaims, 'default', 'own');
    world.change(core.pods, 'p', (object) => (object.status = { ...object.status, phase: 'Succeeded' }), 'status');
    await world.settle();
    expect(world.all(dra.resourceclaims)).toEqual([]);
    await world.stop();
  });
});
