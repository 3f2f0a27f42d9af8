import { core, resource as dra, type corev1, type resourcev1 } from '@navarch/api';
import { forbidden } from '@navarch/apimachinery';
import { ControllerWorld } from '../../testing/controller-world';
import { resourceClaimController } from './controller';
import { CLAIM_FINALIZER, claimNameBase, claimsToReserve, planClaim, type ClaimPlan } from './sync';

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

describe('the name of a claim that is made for a pod', () => {
  it.each<[string, string, string]>([
    ['p', 'card', 'p-card-'],
    ['p'.repeat(80), 'card', `${'p'.repeat(53)}-ca`],
    ['p'.repeat(30), 'c'.repeat(30), `${'p'.repeat(27)}-${'c'.repeat(27)}`],
  ])('of %s with %s begins with both', (name, podClaim, expected) => expect(claimNameBase(name, podClaim)).toBe(expected));
});

describe('a pod whose node was chosen without the scheduler', () => {
  const bound = (more: Partial<corev1.PodSpec> = {}): corev1.Pod => ({
    metadata: { name: 'p', namespace: 'default', uid: 'u' },
    spec: { containers: [], nodeName: 'n', resourceClaims: [{ name: 'card', resourceClaimName: 'shared' }], ...more },
  });
  const user = (uid: string): resourcev1.ResourceClaimConsumerReference => ({ resource: 'pods', name: uid, uid });
  it.each<{ what: string; of?: corev1.Pod; status?: resourcev1.ResourceClaimStatus; reserved: number }>([
    { what: 'has the devices of a claim reserved for it', status: { allocation: { devices: {} }, reservedFor: [user('other')] }, reserved: 1 },
    { what: 'has them already', status: { allocation: { devices: {} }, reservedFor: [user('u')] }, reserved: 0 },
    { what: 'cannot use a claim without devices', status: {}, reserved: 0 },
    { what: 'cannot be one user too many', status: { allocation: { devices: {} }, reservedFor: Array.from({ length: 256 }, (_, index) => user(`${index}`)) }, reserved: 0 },
    { what: 'waits for its claim', reserved: 0 },
    { what: 'has yet to get a node', of: bound({ nodeName: '' }), status: { allocation: { devices: {} } }, reserved: 0 },
  ])('$what', ({ of = bound(), status, reserved }) => {
    const claim = (name: string): Claim | undefined => (status === undefined ? undefined : { metadata: { name }, spec: {}, status });
    expect(claimsToReserve(of, new Map(), claim)).toHaveLength(reserved);
  });

  it('is written into the claim', async () => {
    const world = new ControllerWorld();
    world.create<Claim>(dra.resourceclaims, { metadata: { name: 'shared', namespace: 'default' }, spec: {}, status: { allocation: { devices: {} } } });
    world.create(core.pods, { ...bound(), metadata: { name: 'p', namespace: 'default' } });
    await world.run(resourceClaimController);
    expect(world.get<Claim>(dra.resourceclaims, 'shared').status?.reservedFor).toEqual([{ resource: 'pods', name: 'p', uid: world.get(core.pods, 'p').metadata.uid }]);
    await world.stop();
  });

  it('is written into a claim that gets its devices later', async () => {
    const world = new ControllerWorld();
    world.create(core.pods, { ...bound(), metadata: { name: 'p', namespace: 'default' } });
    world.create<Claim>(dra.resourceclaims, { metadata: { name: 'shared', namespace: 'default' }, spec: {} });
    await world.run(resourceClaimController);
    expect(world.get<Claim>(dra.resourceclaims, 'shared').status?.reservedFor).toBeUndefined();
    world.change<Claim>(dra.resourceclaims, 'shared', (claim) => Object.assign(claim, { status: { allocation: { devices: {} } } }), 'status');
    await world.settle();
    expect(world.get<Claim>(dra.resourceclaims, 'shared').status?.reservedFor).toHaveLength(1);
    await world.stop();
  });
});

describe('a pod with claims of devices', () => {
  it('is told that they cannot be made', async () => {
    const world = new ControllerWorld();
    world.create(dra.resourceclaimtemplates, template);
    world.create(core.pods, pod());
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'create' && operation.value.key?.resource?.resource === 'resourceclaims') throw forbidden({ group: 'resource.k8s.io', resource: 'resourceclaims' }, '', 'exceeded quota: few');
    };
    await world.run(resourceClaimController);
    expect(world.eventsOf('p')[0]).toMatch(/^FailedResourceClaimCreation: PodResourceClaim card: create ResourceClaim : .*exceeded quota: few/);
    await world.stop();
  });

  it('gets them from templates, is told their names, and takes them along when it goes', async () => {
    const world = new ControllerWorld();
    world.create(core.pods, pod());
    await world.run(resourceClaimController);
    expect(world.eventsOf('p')[0]).toBe('FailedResourceClaimCreation: PodResourceClaim card: resource claim template "gpu": resourceclaimtemplate.resource.k8s.io "gpu" not found');
    world.create(dra.resourceclaimtemplates, template);
    await world.settle();
    const [made] = world.all<Claim>(dra.resourceclaims);
    expect(made).toMatchObject({ metadata: { generateName: 'p-card-', labels: { a: 'b' }, annotations: { 'resource.kubernetes.io/pod-claim-name': 'card' }, ownerReferences: [{ kind: 'Pod', name: 'p' }] }, spec: template.spec.spec });
    expect(made?.metadata.ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: world.get(core.pods, 'p').metadata.uid, controller: true }]);
    expect(world.get(core.pods, 'p').status?.resourceClaimStatuses).toEqual([{ name: 'card', resourceClaimName: made?.metadata.name }]);
    await world.clock.advance(60_000);
    expect(world.all(dra.resourceclaims)).toHaveLength(1);
    expect(await world.metric('resourceclaim_controller_creates_total')).toEqual({ 'success/false': 1 });
    world.create<Claim>(dra.resourceclaims, {
      metadata: { name: 'own', namespace: 'default' },
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gpu', adminAccess: true } }] } },
      status: { allocation: { devices: {} } },
    });
    await world.settle();
    expect(await world.metric('resourceclaim_controller_resource_claims')).toEqual({ 'false/false/resource_claim_template': 1, 'true/true/': 1 });
    world.api.delete(dra.resourceclaims, 'default', 'own');
    world.change(core.pods, 'p', (object) => (object.status = { ...object.status, phase: 'Succeeded' }), 'status');
    await world.settle();
    expect(world.all(dra.resourceclaims)).toEqual([]);
    await world.stop();
  });
});
