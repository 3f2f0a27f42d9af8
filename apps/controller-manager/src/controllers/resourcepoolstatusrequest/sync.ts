import type { resourcev1, resourcev1alpha3 } from '@navarch/api';
import { compareStrings } from '@navarch/apimachinery';

type Request = resourcev1alpha3.ResourcePoolStatusRequest;
type Status = resourcev1alpha3.ResourcePoolStatusRequestStatus;
type Pool = resourcev1alpha3.PoolStatus;
type Slice = resourcev1.ResourceSlice;

const DEFAULT_LIMIT = 100;
/** The API takes no more bytes of it. */
const LONGEST_ERROR = 256;
const COMPLETED_LIFE_MS = 3_600_000;
const PENDING_LIFE_MS = 24 * COMPLETED_LIFE_MS;

/** Answers a request from what is known now; `now` is the time as the API writes it. Mirrors calculatePoolStatus of upstream's resourcepoolstatusrequest controller. */
export function poolStatus({ spec }: Request, slices: readonly Slice[], claims: readonly resourcev1.ResourceClaim[], now: string): Status {
  const pools = new Map<string, Slice[]>();
  for (const slice of slices) {
    const { driver, pool } = slice.spec;
    if (driver !== spec.driver || (spec.poolName !== undefined && pool.name !== spec.poolName)) continue;
    pools.set(pool.name, [...(pools.get(pool.name) ?? []), slice]);
  }
  const allocated = new Map<string, number>();
  for (const { driver, pool } of claims.flatMap(({ status }) => status?.allocation?.devices?.results ?? [])) if (driver === spec.driver) allocated.set(pool, (allocated.get(pool) ?? 0) + 1);
  const found = [...pools].sort(([a], [b]) => compareStrings(a, b)).map(([name, own]) => statusOfPool(spec.driver, name, own, allocated.get(name) ?? 0));
  const told = found.slice(0, spec.limit ?? DEFAULT_LIMIT);
  const incomplete = told.filter(({ validationError }) => validationError !== undefined).length;
  const message = `Calculated status for ${told.length} pools${incomplete > 0 ? ` (${incomplete} incomplete)` : ''}`;
  return {
    poolCount: found.length,
    ...(told.length === 0 ? {} : { pools: told }),
    conditions: [{ type: 'Complete', status: 'True', reason: 'CalculationComplete', message, lastTransitionTime: now }],
  };
}

/** Of the slices of a pool only those of the latest generation count. */
function statusOfPool(driver: string, poolName: string, slices: readonly Slice[], allocatedDevices: number): Pool {
  const generation = Math.max(...slices.map(({ spec }) => spec.pool.generation));
  const latest = slices.filter(({ spec }) => spec.pool.generation === generation);
  const expected = latest[0]?.spec.pool.resourceSliceCount ?? 0;
  const nodes = new Set(latest.map(({ spec }) => spec.nodeName ?? ''));
  const [nodeName = ''] = nodes;
  const common = { driver, poolName, generation, ...(nodes.size === 1 && nodeName !== '' ? { nodeName } : {}) };
  if (latest.length < expected) {
    const text = `pool ${driver}/${poolName} is incomplete: observed ${latest.length}/${expected} slices at generation ${generation}`;
    return { ...common, validationError: Buffer.from(text).subarray(0, LONGEST_ERROR).toString('utf8') };
  }
  const totalDevices = latest.reduce((sum, { spec }) => sum + (spec.devices?.length ?? 0), 0);
  // Upstream does not look at taints yet: no device is unavailable.
  return { ...common, resourceSliceCount: latest.length, totalDevices, allocatedDevices, availableDevices: Math.max(0, totalDevices - allocatedDevices), unavailableDevices: 0 };
}

/** Whether a request has been there for long enough: an hour after its answer, a day without one. */
export function isExpired({ metadata, status }: Request, nowMs: number): boolean {
  const answered = status?.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed')?.lastTransitionTime;
  const since = Date.parse(answered ?? metadata.creationTimestamp ?? '');
  return nowMs - since > (status === undefined ? PENDING_LIFE_MS : COMPLETED_LIFE_MS);
}
