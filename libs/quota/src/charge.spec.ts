import type { corev1 } from '@navarch/api';
import { aPod } from '@navarch/testing';
import { chargeQuotas, refundQuota, type Charge } from './charge';

const quota = (hard: Record<string, string>, used: Record<string, string>, spec: corev1.ResourceQuotaSpec = {}): corev1.ResourceQuota => ({ metadata: { name: 'team' }, spec: { hard, ...spec }, status: { hard, used } });
const aCharge = (requests: Record<string, string>, over: Partial<Charge> = {}): Charge => ({
  of: { group: '', resource: 'pods' }, object: aPod().with(({ spec }) => (spec.containers = [{ name: 'app', resources: { requests } }])).build(), old: undefined, ...over,
});

describe('charging a quota', () => {
  it.each<{ reason: string; quotas: corev1.ResourceQuota[]; charge: Charge; used: Record<string, string> }>([
    { reason: 'adds what is asked', quotas: [quota({ pods: '5', 'requests.cpu': '2' }, { pods: '1', 'requests.cpu': '500m' })], charge: aCharge({ cpu: '1', memory: '1Gi' }), used: { pods: '2', 'requests.cpu': '1500m' } },
    { reason: 'up to the last', quotas: [quota({ pods: '2' }, { pods: '1' })], charge: aCharge({}), used: { pods: '2' } },
    { reason: 'an update: what comes on top', quotas: [quota({ 'requests.cpu': '4' }, { 'requests.cpu': '3' })], charge: aCharge({ cpu: '2' }, { old: aCharge({ cpu: '1500m' }).object }), used: { 'requests.cpu': '3500m' } },
  ])('$reason', ({ quotas, charge, used }) => {
    const before = structuredClone(quotas);
    const result = chargeQuotas(quotas, charge, 0);
    expect('changed' in result && result.changed[0]?.status?.used).toEqual(used);
    expect(quotas).toEqual(before);
  });

  it.each<{ reason: string; quotas: corev1.ResourceQuota[]; charge: Charge }>([
    { reason: 'no quota', quotas: [], charge: aCharge({ cpu: '1' }) },
    { reason: 'a quota of other things', quotas: [quota({ secrets: '1' }, { secrets: '1' })], charge: aCharge({ cpu: '1' }) },
    { reason: 'a quota of another scope', quotas: [quota({ pods: '0' }, { pods: '0' }, { scopes: ['Terminating'] })], charge: aCharge({ cpu: '1' }) },
    { reason: 'an update that asks for less', quotas: [quota({ 'requests.cpu': '1' }, { 'requests.cpu': '2' })], charge: aCharge({ cpu: '1' }, { old: aCharge({ cpu: '2' }).object }) },
    { reason: 'a quota nobody has counted yet', quotas: [{ metadata: { name: 'new' }, spec: { hard: { pods: '0' } } }], charge: aCharge({}) },
  ])('changes nothing: $reason', ({ quotas, charge }) => {
    expect(chargeQuotas(quotas, charge, 0)).toEqual({ changed: [] });
  });

  it.each<{ reason: string; quotas: corev1.ResourceQuota[]; charge: Charge; refused: string }>([
    { reason: 'too much of two', quotas: [quota({ pods: '1', 'requests.cpu': '1', 'requests.memory': '9Gi' }, { pods: '1', 'requests.cpu': '500m', 'requests.memory': '0' })], charge: aCharge({ cpu: '1', memory: '1Gi' }), refused: 'exceeded quota: team, requested: pods=1,requests.cpu=1, used: pods=1,requests.cpu=500m, limited: pods=1,requests.cpu=1' },
    { reason: 'nothing said', quotas: [quota({ 'limits.cpu': '1', 'requests.memory': '1Gi' }, { 'limits.cpu': '0', 'requests.memory': '0' })], charge: aCharge({ cpu: '1' }), refused: 'failed quota: team: must specify limits.cpu for: app; requests.memory for: app' },
    { reason: 'not counted yet', quotas: [quota({ pods: '1' }, {})], charge: aCharge({}), refused: 'status unknown for quota: team, resources: pods' },
    { reason: 'the second of two quotas', quotas: [quota({ pods: '9' }, { pods: '1' }), { ...quota({ pods: '1' }, { pods: '1' }), metadata: { name: 'small' } }], charge: aCharge({}), refused: 'exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1' },
  ])('refuses $reason', ({ quotas, charge, refused }) => {
    expect(chargeQuotas(quotas, charge, 0)).toEqual({ refused });
  });

  it('gives back what it took, and never more than there is', () => {
    const charge = aCharge({ cpu: '1' });
    expect(refundQuota(quota({ pods: '5', 'requests.cpu': '5' }, { pods: '2', 'requests.cpu': '500m', secrets: '1' }), charge, 0).status?.used).toEqual({ pods: '1', 'requests.cpu': '0', secrets: '1' });
  });
});
