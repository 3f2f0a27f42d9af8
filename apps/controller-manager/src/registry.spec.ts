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
    expect(() => names('*', 'deploymint')).toThrow('--controllers: "deploymint" not in the list of known controllers: deployment-controller, ');
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
    await world.run(...controllers.map(({ create }) => create));
    await world.settle();
    expect(world.get(rbac.clusterroles, 'view').rules).toEqual([get, { ...get, resources: ['nodes'] }]);
    world.api.delete(rbac.clusterroles, '', 'b');
    await world.settle();
    expect(world.get(rbac.clusterroles, 'view').rules).toEqual([get]);
    await world.stop();
  });
});
