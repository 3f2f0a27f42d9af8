import type { rbacv1 } from '@navarch/api';
import { planAggregation } from './sync';

const rule = (resource: string): rbacv1.PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources: [resource] });
const role = (name: string, labels: Record<string, string>, ...resources: string[]): rbacv1.ClusterRole => ({ metadata: { name, labels }, rules: resources.map(rule) });
const made = (selectors: Record<string, string>[], ...resources: string[]): rbacv1.ClusterRole => ({
  ...role('made', { own: 'yes' }, ...resources),
  aggregationRule: { clusterRoleSelectors: selectors.map((matchLabels) => ({ matchLabels })) },
});

describe('a role made of others', () => {
  it.each<{ reason: string; of: rbacv1.ClusterRole; others: rbacv1.ClusterRole[]; expected: string[] | undefined }>([
    { reason: 'has the rules of those that it selects', of: made([{ a: 'b' }]), others: [role('x', { a: 'b' }, 'pods'), role('y', { a: 'c' }, 'secrets')], expected: ['pods'] },
    { reason: 'has them in the order of its selectors, then of names', of: made([{ a: 'b' }, { c: 'd' }]), others: [role('z', { a: 'b' }, 'pods'), role('y', { a: 'b' }, 'nodes'), role('x', { c: 'd' }, 'secrets')], expected: ['nodes', 'pods', 'secrets'] },
    { reason: 'has each of them once', of: made([{ a: 'b' }, {}]), others: [role('x', { a: 'b' }, 'pods'), role('y', {}, 'pods', 'nodes')], expected: ['pods', 'nodes'] },
    { reason: 'is not made of itself', of: made([{ own: 'yes' }], 'pods'), others: [], expected: [] },
    { reason: 'is left alone if it has them', of: made([{ a: 'b' }], 'pods'), others: [role('x', { a: 'b' }, 'pods')], expected: undefined },
    { reason: 'loses what it should not have', of: made([{ a: 'b' }], 'pods', 'secrets'), others: [role('x', { a: 'b' }, 'pods')], expected: ['pods'] },
    { reason: 'is one only if it says so', of: role('plain', {}, 'pods'), others: [role('x', {}, 'nodes')], expected: undefined },
  ])('$reason', ({ of, others, expected }) => expect(planAggregation(of, [...others, of])?.map(({ resources }) => resources?.[0])).toEqual(expected));
});
