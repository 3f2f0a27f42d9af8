import { resource as dra, type resourcev1, type resourcev1alpha3 } from '@navarch/api';
import { ControllerWorld } from '../../testing/controller-world';
import { poolStatusController } from './controller';
import { isExpired, poolStatus } from './sync';

type Pool = resourcev1alpha3.PoolStatus;
type Request = resourcev1alpha3.ResourcePoolStatusRequest;

const DRIVER = 'gpu.example.com';
const slice = (name: string, pool: string, devices: number, more: { generation?: number; count?: number; nodeName?: string; driver?: string } = {}): resourcev1.ResourceSlice => ({
  metadata: { name },
  spec: {
    driver: more.driver ?? DRIVER, ...(more.nodeName === undefined ? {} : { nodeName: more.nodeName }), pool: { name: pool, generation: more.generation ?? 1, resourceSliceCount: more.count ?? 1 },
    devices: Array.from({ length: devices }, (_, at) => ({ name: `gpu-${at}` })),
  },
});
const claim = (name: string, pool: string): resourcev1.ResourceClaim => ({ metadata: { name, namespace: 'default' }, spec: {}, status: { allocation: { devices: { results: [{ request: 'r', driver: DRIVER, pool, device: 'gpu-0' }] } } } });
const request = (spec: Partial<resourcev1alpha3.ResourcePoolStatusRequestSpec> = {}): Request => ({ metadata: { name: 'ask', creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { driver: DRIVER, ...spec } });

describe('what the pools of a driver hold', () => {
  const whole = (poolName: string, totalDevices: number, allocatedDevices: number, more: Partial<Pool> = {}): Pool =>
    ({ driver: DRIVER, poolName, generation: 1, resourceSliceCount: 1, totalDevices, allocatedDevices, availableDevices: totalDevices - allocatedDevices, unavailableDevices: 0, ...more });
  it.each<{ reason: string; spec?: Partial<resourcev1alpha3.ResourcePoolStatusRequestSpec>; slices: resourcev1.ResourceSlice[]; claims?: resourcev1.ResourceClaim[]; poolCount: number; pools: Pool[] | undefined; message: string }>([
    { reason: 'is nothing where there is none', slices: [], poolCount: 0, pools: undefined, message: 'Calculated status for 0 pools' },
    { reason: 'is counted by pool, in order of name', slices: [slice('a', 'q', 2), slice('b', 'p', 4, { nodeName: 'n1' })], claims: [claim('x', 'p')], poolCount: 2, pools: [whole('p', 4, 1, { nodeName: 'n1' }), whole('q', 2, 0)], message: 'Calculated status for 2 pools' },
    { reason: 'leaves out other drivers and, if one is named, other pools', spec: { poolName: 'p' }, slices: [slice('a', 'p', 1), slice('b', 'q', 1), slice('c', 'p', 1, { driver: 'other.example.com' })], poolCount: 1, pools: [whole('p', 1, 0)], message: 'Calculated status for 1 pools' },
    { reason: 'is told of as many pools as are asked for', spec: { limit: 1 }, slices: [slice('a', 'p', 1), slice('b', 'q', 1)], poolCount: 2, pools: [whole('p', 1, 0)], message: 'Calculated status for 1 pools' },
    { reason: 'is that of the latest generation', slices: [slice('a', 'p', 1), slice('b', 'p', 3, { generation: 2 })], poolCount: 1, pools: [whole('p', 3, 0, { generation: 2 })], message: 'Calculated status for 1 pools' },
    { reason: 'is of no node when its slices are of several', slices: [slice('a', 'p', 1, { count: 2, nodeName: 'n1' }), slice('b', 'p', 1, { count: 2, nodeName: 'n2' })], poolCount: 1, pools: [whole('p', 2, 0, { resourceSliceCount: 2 })], message: 'Calculated status for 1 pools' },
    {
      reason: 'is not known while slices are missing', slices: [slice('a', 'p', 1, { count: 2 })], poolCount: 1,
      pools: [{ driver: DRIVER, poolName: 'p', generation: 1, validationError: 'pool gpu.example.com/p is incomplete: observed 1/2 slices at generation 1' }], message: 'Calculated status for 1 pools (1 incomplete)',
    },
  ])('$reason', ({ spec, slices, claims = [], poolCount, pools, message }) => {
    const status = poolStatus(request(spec), slices, claims, 'now');
    expect(status.poolCount).toBe(poolCount);
    expect(status.pools).toEqual(pools);
    expect(status.conditions).toEqual([{ type: 'Complete', status: 'True', reason: 'CalculationComplete', message, lastTransitionTime: 'now' }]);
  });

  it('is not more available than there is', () => expect(poolStatus(request(), [slice('a', 'p', 1)], [claim('x', 'p'), claim('y', 'p')], 'now').pools?.[0]?.availableDevices).toBe(0));
});

describe('a request for the status of pools', () => {
  const at = (hours: number): number => Date.parse('2026-01-01T00:00:00Z') + hours * 3_600_000;
  const answered = (lastTransitionTime: string): Request => ({ ...request(), status: { poolCount: 0, conditions: [{ type: 'Complete', status: 'True', reason: 'r', message: '', lastTransitionTime }] } });
  it.each([
    { reason: 'waits for a day', of: request(), hours: 24, expected: false },
    { reason: 'goes after a day without an answer', of: request(), hours: 24.1, expected: true },
    { reason: 'is there for an hour after its answer', of: answered('2026-01-01T05:00:00Z'), hours: 6, expected: false },
    { reason: 'goes an hour after its answer', of: answered('2026-01-01T05:00:00Z'), hours: 6.1, expected: true },
  ])('$reason', ({ of, hours, expected }) => expect(isExpired(of, at(hours))).toBe(expected));

  it('is answered once the pools are complete, and goes after a while', async () => {
    const world = new ControllerWorld();
    world.create(dra.resourceslices, slice('a', 'p', 2, { count: 2 }));
    await world.run(poolStatusController);
    world.create(dra.resourcepoolstatusrequests, { metadata: { name: 'ask' }, spec: { driver: DRIVER } });
    await world.settle();
    const found = (): Request | undefined => world.api.find(dra.resourcepoolstatusrequests, '', 'ask');
    expect(found()?.status).toBeUndefined();
    world.create(dra.resourceslices, slice('b', 'p', 2, { count: 2 }));
    await world.clock.advance(1_000);
    await world.settle();
    expect(found()?.status?.pools).toMatchObject([{ poolName: 'p', totalDevices: 4 }]);
    expect(await world.metric('resourcepoolstatusrequest_controller_requests_processed_total')).toEqual({ [DRIVER]: 1 });
    await world.clock.advance(71 * 60_000);
    await world.settle();
    expect(found()).toBeUndefined();
    await world.stop();
  });
});
