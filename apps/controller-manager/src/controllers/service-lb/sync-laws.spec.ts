import type { corev1 } from '@navarch/api';
import fc from 'fast-check';
import { addressPools } from './address-pool';
import { balancerAddresses, LB_FINALIZER, planBalancer, wantsBalancer } from './sync';

const pools = addressPools('10.0.0.0/29,fd00::/125');
const wish = fc.record({
  type: fc.constantFrom('LoadBalancer', 'LoadBalancer', 'LoadBalancer', 'ClusterIP'),
  families: fc.constantFrom(['IPv4'], ['IPv6'], ['IPv4', 'IPv6'], ['IPv6', 'IPv4']),
  asksFor: fc.option(fc.constantFrom('10.0.0.1', '10.0.0.6', '10.0.0.7', 'fd00::3'), { nil: undefined, freq: 4 }),
});
/** One Service after the other is made or changed; the number says which. */
const steps = fc.array(fc.tuple(fc.nat(8), wish), { maxLength: 40 });

/** What is left of a Service when its plan was carried out. */
function carriedOut(service: corev1.Service, plan: ReturnType<typeof planBalancer>): corev1.Service {
  if (plan.kind === 'ensure') return { ...service, metadata: { ...service.metadata, finalizers: [LB_FINALIZER] }, status: { loadBalancer: { ingress: plan.ips.map((ip) => ({ ip, ipMode: 'VIP' })) } } };
  return plan.kind === 'release' ? { ...service, metadata: { ...service.metadata, finalizers: [] }, status: { loadBalancer: {} } } : service;
}

describe('load balancers whatever becomes of their Services', () => {
  it('have an address of each family, which no other has, and keep it; what they need is done in one go', () => {
    fc.assert(fc.property(steps, (given) => {
      const services = new Map<number, corev1.Service>();
      for (const [id, { type, families, asksFor }] of given) {
        const spec: corev1.ServiceSpec = { type, ipFamilies: [...families], ...(asksFor === undefined ? {} : { loadBalancerIP: asksFor }) };
        const before: corev1.Service = { ...(services.get(id) ?? { metadata: { name: `s${id}` } }), spec };
        const taken = new Set([...services].flatMap(([other, service]) => (other === id ? [] : balancerAddresses(service))));
        const plan = planBalancer(before, taken, pools);
        const after = carriedOut(before, plan);
        services.set(id, after);
        if (plan.kind === 'refuse') continue;
        const addresses = balancerAddresses(after);
        expect(addresses).toHaveLength(wantsBalancer(after) ? families.length : 0);
        for (const address of addresses) expect(taken).not.toContain(address);
        // One that it had, and may keep, is not exchanged for another.
        const kept = balancerAddresses(before).filter((address) => !taken.has(address) && families.some((family) => pools.find((pool) => pool.family === family)?.includes(address)));
        if (asksFor === undefined && wantsBalancer(after)) expect(addresses).toEqual(expect.arrayContaining(kept));
        expect(planBalancer(after, taken, pools)).toEqual({ kind: 'nothing' });
      }
      const all = [...services.values()].flatMap(balancerAddresses);
      expect(new Set(all).size).toBe(all.length);
    }));
  });

  it('are refused only when an address cannot be had', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 6 }), (used) => {
      const taken = new Set(used.map((at) => `10.0.0.${at}`));
      const plan = planBalancer({ metadata: {}, spec: { type: 'LoadBalancer' } }, taken, pools);
      expect(plan.kind).toBe(used.length === 6 ? 'refuse' : 'ensure');
    }));
  });
});
