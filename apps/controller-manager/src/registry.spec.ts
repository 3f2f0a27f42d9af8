import { rbac, type rbacv1 } from '@navarch/api';
import { ControllerWorld } from './testing/controller-world';
import { chosenControllers, controllers } from './registry';

describe('--controllers', () => {
  const names = (...flag: string[]): string[] => chosenControllers(flag).map(({ name }) => name);
  const byDefault = controllers.filter(({ offByDefault }) => offByDefault !== true).length;
  it.each([
    { flag: ['*'], count: byDefault, reason: 'all that are on by default' },
    { flag: ['*', '-nodeipam'], count: byDefault - 1, reason: 'all but one, by its name of old' },
    { flag: ['deployment-controller', 'replicaset'], count: 2, reason: 'these only' },
    { flag: [], count: 0, reason: 'none' },
  ])('chooses $reason', ({ flag, count }) => expect(names(...flag)).toHaveLength(count));

  it('refuses names that no controller has', () => {
    expect(() => names('*', '-deploymint', 'pods')).toThrow('"deploymint" is not in the list of known controllers\n"pods" is not in the list of known controllers');
  });
});

describe('the table of controllers', () => {
  it('has each name once', () => {
    const all = controllers.flatMap(({ name, alias }) => [name, ...(alias === undefined ? [] : [alias])]);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('all controllers', () => {
  it('run side by side, and fill roles that are made of others', async () => {
    const world = new ControllerWorld();
    const role = (name: string, labels: Record<string, string>, more: Partial<rbacv1.ClusterRole>): rbacv1.ClusterRole => ({ metadata: { name, labels }, rules: [], ...more });
    const get = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
    world.create(rbac.clusterroles, role('view', {}, { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: 'view' } }] } }));
    world.create(rbac.clusterroles, role('a', { to: 'view' }, { rules: [get] }));
    world.create(rbac.clusterroles, role('b', { to: 'view' }, { rules: [{ ...get, resources: ['nodes'] }, get] }));
    await world.run(...controllers.flatMap(({ create }) => create ?? []));
    await world.settle();
    expect(world.get(rbac.clusterroles, 'view').rules).toEqual([get, { ...get, resources: ['nodes'] }]);
    const applied = world.transport.writes.flatMap(({ operation }) => (operation?.$case === 'patch' && operation.value.key?.name === 'view' ? [operation.value] : []));
    expect(applied).toMatchObject([{ force: true, options: { fieldManager: 'clusterrole-aggregation-controller' } }]);
    world.api.delete(rbac.clusterroles, '', 'b');
    await world.settle();
    expect(world.get(rbac.clusterroles, 'view').rules).toEqual([get]);
    await world.stop();
  });
});
