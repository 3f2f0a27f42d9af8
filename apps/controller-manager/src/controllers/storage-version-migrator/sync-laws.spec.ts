import type { storagemigrationv1beta1 } from '@navarch/api';
import { formatTime } from '@navarch/apimachinery';
import fc from 'fast-check';
import { hasEnded, planMigration, told, withoutRunning, withTold } from './sync';

type Migration = storagemigrationv1beta1.StorageVersionMigration;
const made = fc.record({ resource: fc.constantFrom('ships', 'boats'), second: fc.nat(3) });
const migrations = fc
  .array(made, { minLength: 1, maxLength: 6 })
  .map((all) =>
    all.map(({ resource, second }, index): Migration => ({
      metadata: { name: `m${index}`, creationTimestamp: formatTime(second * 1000) },
      spec: { resource: { group: 'example.com', resource } },
    })),
  );
/** Whose turn it is, and whether it fails. */
const turns = fc.array(fc.tuple(fc.nat(5), fc.boolean()), { minLength: 60, maxLength: 60 });

describe('migrations of stored objects', () => {
  it('run one at a time for each resource, the oldest first, and all end, in whatever order they are looked at', () => {
    fc.assert(fc.property(migrations, turns, (all, order) => {
      const now = [...all];
      const started: Migration[] = [];
      const step = (index: number, fails: boolean): void => {
        const one = now[index];
        if (one === undefined) return;
        const plan = planMigration(one, now);
        if (plan === 'start') {
          now[index] = withTold(one, told.running, 'now');
          started.push(one);
        } else if (plan === 'checkpoint') now[index] = { ...one, status: { ...one.status, resourceVersion: '7' } };
        else if (plan === 'migrate') {
          const ended = withTold(one, fails ? told.failed('x') : told.succeeded, 'now');
          now[index] = withoutRunning(ended) ?? ended;
        }
        for (const resource of ['ships', 'boats']) expect(now.filter(({ spec, status }) => spec?.resource.resource === resource && status?.conditions?.some(({ type }) => type === 'Running')).length).toBeLessThanOrEqual(1);
      };
      for (const [index, fails] of order) step(index, fails);
      // Whoever was left out has its turns now.
      for (let round = 0; round < 3 * all.length; round++) all.forEach((_, index) => step(index, false));
      expect(now.every(hasEnded)).toBe(true);
      for (const resource of ['ships', 'boats']) {
        const ages = started.filter(({ spec }) => spec?.resource.resource === resource).map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? ''));
        expect(ages).toEqual([...ages].sort((a, b) => a - b));
      }
    }), { numRuns: 50 });
  });
});
