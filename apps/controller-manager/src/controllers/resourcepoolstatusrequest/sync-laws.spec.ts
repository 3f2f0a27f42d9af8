import type { resourcev1 } from '@navarch/api';
import fc from 'fast-check';
import { poolStatus } from './sync';

const slice = fc.record({ driver: fc.constantFrom('d', 'other'), pool: fc.constantFrom('p1', 'p2', 'p3'), generation: fc.integer({ min: 1, max: 2 }), expected: fc.integer({ min: 1, max: 3 }), devices: fc.nat(3) });
const slices = fc.array(slice, { maxLength: 8 }).map((all) => all.map(({ driver, pool, generation, expected, devices }): resourcev1.ResourceSlice => ({
  metadata: {}, spec: { driver, pool: { name: pool, generation, resourceSliceCount: expected }, allNodes: true, devices: Array.from({ length: devices }, (_, index) => ({ name: `d${index}` })) },
})));
const claims = fc.array(fc.record({ driver: fc.constantFrom('d', 'other'), pool: fc.constantFrom('p1', 'p2') }), { maxLength: 5 }).map((all) => all.map(({ driver, pool }): resourcev1.ResourceClaim => ({
  metadata: {}, spec: {}, status: { allocation: { devices: { results: [{ driver, pool, request: 'r', device: 'd0' }] } } },
})));

describe('what is told of the pools of a driver', () => {
  it('is of each of its pools once, by name, as many as were asked for, and never less than nothing free', () => {
    fc.assert(fc.property(slices, claims, fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }), fc.option(fc.constantFrom('p1', 'p2'), { nil: undefined }), (given, used, limit, poolName) => {
      const spec = { driver: 'd', ...(limit === undefined ? {} : { limit }), ...(poolName === undefined ? {} : { poolName }) };
      const { poolCount, pools = [], conditions } = poolStatus({ metadata: {}, spec }, given, used, 'now');
      const own = given.filter((one) => one.spec.driver === 'd' && (poolName === undefined || one.spec.pool.name === poolName));
      const names = [...new Set(own.map((one) => one.spec.pool.name))].sort();
      expect(poolCount).toBe(names.length);
      expect(pools.map((pool) => pool.poolName)).toEqual(names.slice(0, limit ?? 100));
      expect(conditions).toHaveLength(1);
      for (const pool of pools) {
        const newest = Math.max(...own.filter((one) => one.spec.pool.name === pool.poolName).map((one) => one.spec.pool.generation));
        expect(pool.generation).toBe(newest);
        if (pool.validationError !== undefined) continue;
        expect(pool.availableDevices).toBe(Math.max(0, (pool.totalDevices ?? 0) - (pool.allocatedDevices ?? 0)));
        expect(pool.allocatedDevices).toBe(used.filter(({ status }) => status?.allocation?.devices?.results?.some((one) => one.driver === 'd' && one.pool === pool.poolName)).length);
      }
    }));
  });
});
