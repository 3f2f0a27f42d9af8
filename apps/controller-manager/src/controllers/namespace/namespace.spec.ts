import { apiregistration, type apiregistrationv1, apps, core, type corev1 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { rootCaController } from '../root-ca/controller';
import { serviceAccountController } from '../serviceaccount/controller';
import { namespaceController } from './controller';

const namespace = (name: string): corev1.Namespace => ({ metadata: { name }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
const conditions = ({ status }: corev1.Namespace): Record<string, string> =>
  Object.fromEntries((status?.conditions ?? []).map(({ type, status: value, reason = '', message = '' }) => [type, `${value} ${reason}: ${message}`]));

describe('namespaces being deleted', () => {
  let world: ControllerWorld;
  beforeEach(async () => {
    world = new ControllerWorld();
    world.create(core.namespaces, namespace('shop'));
    world.create(core.namespaces, namespace('other'));
    await world.run(namespaceController);
  });
  afterEach(() => world.stop());

  const shop = (): corev1.Namespace | undefined => world.api.find(core.namespaces, '', 'shop');

  it('are emptied, pods first, and then go; others stay as they are', async () => {
    world.create(core.pods, { metadata: { name: 'web', namespace: 'shop' }, spec: { containers: [], nodeName: 'n1', terminationGracePeriodSeconds: 30 } });
    world.create(core.secrets, { metadata: { name: 'password', namespace: 'shop' } });
    world.create(apps.deployments, { metadata: { name: 'web', namespace: 'shop' } });
    world.create(core.secrets, { metadata: { name: 'password', namespace: 'other' } });
    world.api.delete(core.namespaces, '', 'shop');
    await world.clock.advance(3_000);
    expect(world.all(core.pods, 'shop')[0]?.metadata.deletionTimestamp).toBeDefined();
    expect(world.all(core.secrets, 'shop')).toHaveLength(1);
    expect(conditions(shop()!)).toEqual({
      NamespaceDeletionDiscoveryFailure: 'False ResourcesDiscovered: All resources successfully discovered',
      NamespaceDeletionGroupVersionParsingFailure: 'False ParsedGroupVersions: All legacy kube types successfully parsed',
      NamespaceDeletionContentFailure: 'False ContentDeleted: All content successfully deleted, may be waiting on finalization',
      NamespaceContentRemaining: 'True SomeResourcesRemain: Some resources are remaining: pods. has 1 resource instances',
      NamespaceFinalizersRemaining: 'False ContentHasNoFinalizers: All content-preserving finalizers finished',
    });
    world.runPods();
    await world.settle();
    expect(shop()).toBeUndefined();
    expect(world.all(core.secrets).map(({ metadata }) => metadata.namespace)).toEqual(['other']);
    expect(world.all(apps.deployments)).toEqual([]);
  });

  it('say which finalizers they wait for', async () => {
    world.create(core.configmaps, { metadata: { name: 'a', namespace: 'shop', finalizers: ['example.com/keep'] } });
    world.api.delete(core.namespaces, '', 'shop');
    await world.clock.advance(3_000);
    expect(conditions(shop()!)['NamespaceFinalizersRemaining']).toBe('True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/keep in 1 resource instances');
    const held = world.get(core.configmaps, 'a', 'shop');
    held.metadata.finalizers = [];
    world.api.update(core.configmaps, 'shop', 'a', '', held);
    await world.clock.advance(10_000);
    expect(shop()).toBeUndefined();
  });

  it('say which pods are still there though their time is over', async () => {
    world.create(core.pods, { metadata: { name: 'web', namespace: 'shop' }, spec: { containers: [], nodeName: 'n1', terminationGracePeriodSeconds: 5 } });
    world.api.delete(core.namespaces, '', 'shop');
    await world.clock.advance(3_000);
    expect(conditions(shop()!)['NamespaceDeletionContentFailure']).toContain('False ');
    await world.clock.advance(6_000);
    expect(conditions(shop()!)['NamespaceDeletionContentFailure']).toBe('True ContentDeletionFailed: Failed to delete all resource types, 1 remaining: unexpected items still remain in namespace: shop for gvr: /v1, Resource=pods');
    world.runPods();
    await world.clock.advance(3_000);
    expect(shop()).toBeUndefined();
  });

  it('stay, and say why, while something cannot be deleted', async () => {
    world.create(core.configmaps, { metadata: { name: 'a', namespace: 'shop' } });
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case === 'delete') throw new Error('not now');
    };
    world.api.delete(core.namespaces, '', 'shop');
    await world.clock.advance(3_000);
    expect(conditions(shop()!)['NamespaceDeletionContentFailure']).toContain('True ContentDeletionFailed: Failed to delete all resource types, 1 remaining: ');
    world.transport.beforeWrite = undefined;
    await world.clock.advance(60_000);
    expect(shop()).toBeUndefined();
  });
});

describe('namespaces with objects in other API servers', () => {
  const service = (status: 'True' | 'False'): apiregistrationv1.APIService => ({
    metadata: { name: 'v1.fleet.example.com' }, spec: { group: 'fleet.example.com', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 10, service: { namespace: 'default', name: 'fleet' } },
    status: { conditions: [{ type: 'Available', status, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  });
  const groupVersion = '/apis/fleet.example.com/v1';
  const ships = `${groupVersion}/namespaces/shop/ships`;
  const resource = (name: string, ...verbs: string[]): object => ({ name, kind: 'Ship', namespaced: name !== 'seas', singularName: '', verbs });
  let world: ControllerWorld;
  beforeEach(() => {
    world = new ControllerWorld();
    world.create(core.namespaces, namespace('shop'));
  });
  afterEach(() => world.stop());

  const registered = (status: 'True' | 'False'): void => {
    const made = world.create(apiregistration.apiservices, service(status));
    world.api.update(apiregistration.apiservices, '', 'v1.fleet.example.com', 'status', { ...made, ...service(status), metadata: made.metadata });
  };
  const deleted = async (): Promise<void> => {
    await world.run(namespaceController);
    world.api.delete(core.namespaces, '', 'shop');
    await world.clock.advance(3_000);
  };
  const shop = (): corev1.Namespace | undefined => world.api.find(core.namespaces, '', 'shop');
  const failure = (): string | undefined => conditions(shop()!)['NamespaceDeletionDiscoveryFailure'];
  const incomplete = 'True DiscoveryFailed: Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: fleet.example.com/v1: ';

  it('stay, and say so, while one of these is not available; all else goes', async () => {
    registered('False');
    world.create(core.secrets, { metadata: { name: 'password', namespace: 'shop' } });
    await deleted();
    expect(failure()).toBe(`${incomplete}stale GroupVersion discovery: fleet.example.com/v1`);
    expect(world.all(core.secrets, 'shop')).toEqual([]);
    world.api.delete(apiregistration.apiservices, '', 'v1.fleet.example.com');
    await world.clock.advance(1_000);
    expect(shop()).toBeUndefined();
  });

  it('stay while one of these does not say what it has', async () => {
    registered('True');
    await deleted();
    expect(failure()).toBe(`${incomplete}the server is currently unable to handle the request`);
    world.rest.answers.set(groupVersion, { resources: [] });
    await world.clock.advance(60_000);
    expect(shop()).toBeUndefined();
  });

  it('are emptied there too', async () => {
    registered('True');
    world.rest.answers.set(groupVersion, { resources: [resource('ships', 'list', 'delete', 'deletecollection'), resource('ships/status', 'get', 'delete'), resource('seas', 'list', 'delete'), resource('winds', 'get', 'list')] });
    world.rest.answers.set(ships, { items: [{ metadata: { name: 'a', finalizers: ['example.com/keep'] } }] });
    await deleted();
    expect(world.rest.deleted[0]).toBe(`${ships}?propagationPolicy=Background`);
    expect(conditions(shop()!)['NamespaceFinalizersRemaining']).toContain('example.com/keep in 1 resource instances');
    expect(conditions(shop()!)['NamespaceContentRemaining']).toContain('ships.fleet.example.com has 1 resource instances');
    world.rest.answers.set(ships, { items: [] });
    await world.clock.advance(60_000);
    expect(shop()).toBeUndefined();
    expect(new Set(world.rest.deleted)).toEqual(new Set([`${ships}?propagationPolicy=Background`]));
  });

  it('are emptied one by one where all at once is not served', async () => {
    registered('True');
    world.rest.answers.set(groupVersion, { resources: [resource('ships', 'list', 'delete')] });
    world.rest.answers.set(ships, { items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b', deletionTimestamp: '2026-01-01T00:00:00Z' } }] });
    world.rest.onDelete = () => world.rest.answers.set(ships, { items: [] });
    await deleted();
    await world.clock.advance(1_000);
    expect(world.rest.deleted).toEqual([`${ships}/a?propagationPolicy=Background`]);
    expect(shop()).toBeUndefined();
  });
});

describe('open namespaces', () => {
  it('have a default service account and the CA, and get them back', async () => {
    const world = new ControllerWorld();
    world.create(core.namespaces, namespace('shop'));
    await world.run(serviceAccountController, rootCaController);
    world.create(core.namespaces, namespace('late'));
    await world.settle();
    expect(world.all(core.serviceaccounts).map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`)).toEqual(['late/default', 'shop/default']);
    expect(world.get(core.configmaps, 'kube-root-ca.crt', 'shop').data?.['ca.crt']).toContain('ControllerWorld');
    world.api.delete(core.serviceaccounts, 'shop', 'default');
    const changed = world.get(core.configmaps, 'kube-root-ca.crt', 'shop');
    changed.data = { 'ca.crt': 'forged', more: 'x' };
    world.api.update(core.configmaps, 'shop', 'kube-root-ca.crt', '', changed);
    await world.settle();
    expect(world.api.find(core.serviceaccounts, 'shop', 'default')).toBeDefined();
    expect(Object.keys(world.get(core.configmaps, 'kube-root-ca.crt', 'shop').data ?? {})).toEqual(['ca.crt']);
    // Somebody was faster, with something else: it is put right.
    world.transport.beforeWrite = ({ operation }) => {
      if (operation?.$case !== 'create' || operation.value.key?.resource?.resource !== 'configmaps') return;
      world.transport.beforeWrite = undefined;
      world.api.create(core.configmaps, 'shop', { metadata: { name: 'kube-root-ca.crt' } });
    };
    world.api.delete(core.configmaps, 'shop', 'kube-root-ca.crt');
    await world.settle();
    await world.clock.advance(1_000);
    await world.settle();
    expect(Object.keys(world.get(core.configmaps, 'kube-root-ca.crt', 'shop').data ?? {})).toEqual(['ca.crt']);
    await world.stop();
  });
});
