import type { corev1 } from '@navarch/api';
import fc from 'fast-check';
import { findVolume, isMeantFor } from './match-volume';

const modes = fc.uniqueArray(fc.constantFrom('ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany'), { minLength: 1, maxLength: 3 });
const volumes = fc.array(fc.record({
  size: fc.integer({ min: 1, max: 4 }), modes, storageClass: fc.constantFrom('fast', 'slow'), block: fc.boolean(), leaving: fc.boolean(), tier: fc.constantFrom('x', 'y'),
  claimedBy: fc.constantFrom(undefined, 'mine', 'other'), phase: fc.constantFrom('Available', 'Bound', 'Released'),
}), { maxLength: 8 });
const wanted = fc.record({ size: fc.integer({ min: 1, max: 4 }), modes, storageClass: fc.constantFrom('fast', 'slow'), block: fc.boolean(), tier: fc.constantFrom(undefined, 'x', 'y'), waits: fc.boolean() });

describe('the volume for a claim', () => {
  it('suits it in everything that it asks for, and none that suits is better, of any volumes', () => {
    fc.assert(fc.property(volumes, wanted, (offered, { size, modes: accessModes, storageClass, block, tier, waits }) => {
      const all = offered.map((each, index): corev1.PersistentVolume => ({
        metadata: { name: `v${index}`, labels: { tier: each.tier }, ...(each.leaving ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
        spec: {
          capacity: { storage: `${each.size}Gi` }, accessModes: each.modes, storageClassName: each.storageClass, volumeMode: each.block ? 'Block' : 'Filesystem',
          ...(each.claimedBy === undefined ? {} : { claimRef: { namespace: 'default', name: each.claimedBy } }),
        },
        status: { phase: each.phase },
      }));
      const claim: corev1.PersistentVolumeClaim = {
        metadata: { name: 'mine', namespace: 'default', uid: 'u' },
        spec: { accessModes, storageClassName: storageClass, volumeMode: block ? 'Block' : 'Filesystem', resources: { requests: { storage: `${size}Gi` } }, ...(tier === undefined ? {} : { selector: { matchLabels: { tier } } }) },
      };
      const suits = offered.map((each) => !each.leaving && each.size >= size && each.block === block && accessModes.every((mode) => each.modes.includes(mode))
        && (each.claimedBy === 'mine' || (each.claimedBy === undefined && !waits && each.phase === 'Available' && each.storageClass === storageClass && (tier === undefined || each.tier === tier))));
      const found = findVolume(claim, all, waits);
      const at = found === undefined ? -1 : all.indexOf(found);
      expect(at >= 0).toBe(suits.includes(true));
      if (found === undefined) return;
      expect(suits[at]).toBe(true);
      // Fewest ways to use it, then the one that is meant for it, then the smallest.
      const cost = (index: number): number => {
        const each = offered[index] as (typeof offered)[number];
        return each.modes.length * 100 + (isMeantFor(all[index] as corev1.PersistentVolume, claim) ? 0 : 10) + each.size;
      };
      for (const [index, possible] of suits.entries()) if (possible) expect(cost(index)).toBeGreaterThanOrEqual(cost(at));
    }), { seed: 20_261_128, numRuns: 500 });
  });
});
