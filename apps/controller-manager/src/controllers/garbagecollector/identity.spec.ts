import type { metav1 } from '@navarch/api';
import { AbsentOwners } from './absent-owners';
import { otherIdentity, partDependents, type Dependent, type Identity } from './identity';

/** `kind namespace/name`, all of one uid. */
const id = (text: string): Identity => {
  const [kind = '', place = ''] = text.split(' ');
  const [namespace = '', name = ''] = place.split('/');
  return { apiVersion: 'v1', kind, namespace, name, uid: 'u' };
};
const reference = (text: string, apiVersion = 'v1'): metav1.OwnerReference => {
  const [kind = '', name = ''] = text.split(' ');
  return { apiVersion, kind, name, uid: 'u' };
};
/** What lies in a namespace and calls its owner these names. */
const dependent = (namespace: string, ...owners: (string | metav1.OwnerReference)[]): Dependent & { of: string } =>
  ({ of: namespace, identity: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'c', uid: `c-${namespace}` }, owners: owners.map((owner) => (typeof owner === 'string' ? reference(owner) : owner)) });

describe('dependents of an object', () => {
  it.each<{ reason: string; given: Dependent; fits: boolean; differs: boolean }>([
    { reason: 'call it by its name', given: dependent('a', 'Pod p'), fits: true, differs: false },
    { reason: 'call it by another name', given: dependent('a', 'Pod q'), fits: false, differs: true },
    { reason: 'take it for another kind', given: dependent('a', 'Secret p'), fits: false, differs: true },
    { reason: 'know it in another version', given: dependent('a', reference('Pod p', 'v2')), fits: false, differs: true },
    { reason: 'lie in another namespace', given: dependent('b', 'Pod p'), fits: false, differs: true },
    { reason: 'lie in no namespace', given: dependent('', 'Pod p'), fits: false, differs: true },
    { reason: 'call it by both', given: dependent('a', 'Pod p', 'Pod q'), fits: true, differs: true },
    { reason: 'speak of another uid only', given: dependent('a', { ...reference('Pod p'), uid: 'v' }), fits: false, differs: false },
  ])('may $reason', ({ given, fits, differs }) => {
    const { fitting, others } = partDependents([given], id('Pod a/p'));
    expect([fitting.length === 1, others.length === 1]).toEqual([fits, differs]);
  });

  it('may lie anywhere when it lies in no namespace', () => {
    expect(partDependents([dependent('a', 'Node n'), dependent('', 'Node n')], id('Node /n')).others).toEqual([]);
  });
});

describe('what else an owner may be', () => {
  it.each<{ reason: string; absent: string; dependents: Dependent[]; other: string | undefined }>([
    { reason: 'nothing, when all mean the same', absent: 'Pod a/p', dependents: [dependent('a', 'Pod p')], other: undefined },
    { reason: 'the next in order', absent: 'Pod a/p', dependents: [dependent('a', 'Pod a', 'Pod q', 'Pod z')], other: 'Pod a/q' },
    { reason: 'the first, after the last', absent: 'Pod a/z', dependents: [dependent('a', 'Pod b', 'Pod a')], other: 'Pod a/a' },
    { reason: 'one of another kind before one of another name', absent: 'Pod a/p', dependents: [dependent('a', 'Secret a', 'Job a')], other: 'Secret a/a' },
    { reason: 'the same in another namespace', absent: 'Pod a/p', dependents: [dependent('b', 'Pod p')], other: 'Pod b/p' },
    { reason: 'the same in a namespace, of a kind that was looked for outside of all', absent: 'Pod /p', dependents: [dependent('b', 'Secret p')], other: 'Secret b/p' },
    { reason: 'never in a namespace when its kind is in none', absent: 'Node /n', dependents: [dependent('b', 'Node m')], other: 'Node /m' },
  ])('is $reason', ({ absent, dependents, other }) => {
    expect(otherIdentity(dependents, id(absent))).toEqual(other === undefined ? undefined : id(other));
  });
});

describe('owners that are known to be absent', () => {
  it('are known by all that they were called by, and forgotten when others were asked for since', () => {
    const absent = new AbsentOwners(2);
    absent.add(id('Pod a/1'));
    absent.add(id('Pod a/2'));
    expect(absent.has(id('Secret a/1'))).toBe(false);
    expect(absent.has(id('Pod b/1'))).toBe(false);
    expect(absent.has(id('Pod a/1'))).toBe(true);
    absent.add(id('Pod a/3'));
    expect(['1', '2', '3'].map((name) => absent.has(id(`Pod a/${name}`)))).toEqual([true, false, true]);
  });
});
