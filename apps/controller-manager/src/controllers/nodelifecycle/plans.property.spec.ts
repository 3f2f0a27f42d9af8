import type { corev1 } from '@navarch/api';
import fc from 'fast-check';
import { planTaints } from './taints';
import { planZones } from './zones';

const runs = { seed: 20_261_128, numRuns: 300 };
const status = fc.constantFrom<'True' | 'False' | 'Unknown'>('True', 'False', 'Unknown');
const foreign: corev1.Taint = { key: 'example.com/own', effect: 'NoExecute' };
const node = (conditions: Record<string, string>, unschedulable: boolean, taints: corev1.Taint[] = []): corev1.Node => ({
  metadata: { name: 'n' }, spec: { unschedulable, taints }, status: { conditions: Object.entries(conditions).map(([type, value]) => ({ type, status: value })) },
});

describe('the taints of a node', () => {
  const conditions = fc.record({ Ready: status, MemoryPressure: status, DiskPressure: status, PIDPressure: status, NetworkUnavailable: status });
  const leave = fc.record({ mayEvict: fc.boolean(), spare: fc.boolean() });

  it('settle at once, leave those of others alone, and empty a node only with leave', () => {
    fc.assert(fc.property(fc.array(fc.tuple(conditions, fc.boolean(), leave), { minLength: 1, maxLength: 6 }), (steps) => {
      let taints: corev1.Taint[] = [foreign];
      for (const [now, unschedulable, { mayEvict, spare }] of steps) {
        const wasEvicting = taints.some(({ key, effect }) => key !== foreign.key && effect === 'NoExecute');
        const plan = planTaints(node(now, unschedulable, taints), { mayEvict, spare, nowMs: 0 });
        taints = [...(plan.taints ?? taints)];
        expect(taints).toContainEqual(foreign);
        expect(planTaints(node(now, unschedulable, taints), { mayEvict, spare, nowMs: 0 }).taints).toBeUndefined();
        const driving = taints.filter(({ key, effect }) => key !== foreign.key && effect === 'NoExecute').map(({ key }) => key);
        const due = spare || now.Ready === 'True' ? [] : [now.Ready === 'False' ? 'node.kubernetes.io/not-ready' : 'node.kubernetes.io/unreachable'];
        expect(driving).toEqual(mayEvict || wasEvicting ? due : []);
        expect(plan.pending).toBe(driving.length === 0 ? due[0] : undefined);
        // Each key once for each effect.
        expect(new Set(taints.map(({ key, effect }) => `${key}:${effect}`)).size).toBe(taints.length);
        const unfit = Number(now.Ready !== 'True') + [now.MemoryPressure, now.DiskPressure, now.PIDPressure, now.NetworkUnavailable].filter((value) => value === 'True').length + Number(unschedulable);
        expect(taints.filter(({ effect }) => effect === 'NoSchedule')).toHaveLength(unfit);
      }
    }), runs);
  });
});

describe('how fast the nodes of a zone are emptied', () => {
  const members = fc.array(fc.record({ zone: fc.constantFrom('a', 'b', 'c'), ready: status }), { minLength: 1, maxLength: 14 });
  const rates = { normal: 0.1, secondary: 0.01, largeClusterSize: 4, unhealthyShare: 0.55 };

  it('depends on its own nodes alone, unless nothing is ready anywhere', () => {
    fc.assert(fc.property(members, (all) => {
      const nodes = all.map(({ zone, ready }, index): corev1.Node => ({ metadata: { name: `n${index}`, labels: { 'topology.kubernetes.io/zone': zone } }, status: { conditions: [{ type: 'Ready', status: ready }] } }));
      const plan = planZones(nodes, rates);
      const zones = [...new Set(all.map(({ zone }) => zone))];
      const of = (zone: string): { total: number; silent: number } => ({ total: all.filter((each) => each.zone === zone).length, silent: all.filter((each) => each.zone === zone && each.ready !== 'True').length });
      expect(plan.allDisrupted).toBe(all.every(({ ready }) => ready !== 'True'));
      const expected = zones.map((zone) => {
        const { total, silent } = of(zone);
        if (plan.allDisrupted) return 0;
        // A zone that is silent as a whole is emptied as fast as one that is well.
        const isPartial = silent < total && silent > 2 && silent / total >= rates.unhealthyShare;
        return isPartial ? (total > rates.largeClusterSize ? rates.secondary : 0) : rates.normal;
      });
      expect([...plan.rates.values()].sort()).toEqual(expected.sort());
    }), runs);
  });
});
