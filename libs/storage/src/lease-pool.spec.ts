import { FakeClock } from '@navarch/clock';
import { LeasePool } from './lease-pool';

function pool(): { clock: FakeClock; granted: number[]; leases: LeasePool } {
  const clock = new FakeClock();
  const granted: number[] = [];
  return { clock, granted, leases: new LeasePool((ttl) => Promise.resolve(String(granted.push(ttl))), clock) };
}

describe('LeasePool', () => {
  it('shares a lease for a minute, which lives a minute longer', async () => {
    const { clock, granted, leases } = pool();
    expect(await Promise.all([leases.leaseFor(3600), leases.leaseFor(3600), leases.leaseFor(60), leases.leaseFor(60)])).toEqual(['1', '1', '2', '2']);
    await clock.advance(59_999);
    expect(await leases.leaseFor(3600)).toBe('1');
    await clock.advance(1);
    expect(await leases.leaseFor(3600)).toBe('3');
    expect(granted).toEqual([3660, 63, 3660]);
  });

  it('shares a lease of short-lived keys for as short, or not at all', async () => {
    const { clock, granted, leases } = pool();
    expect([await leases.leaseFor(100), await leases.leaseFor(2), await leases.leaseFor(2)]).toEqual(['1', '2', '3']);
    await clock.advance(4999);
    expect(await leases.leaseFor(100)).toBe('1');
    await clock.advance(1);
    expect(await leases.leaseFor(100)).toBe('4');
    expect(granted).toEqual([105, 2, 2, 105]);
  });

  it('gives at most 1,000 keys to a lease, because they expire in one revision', async () => {
    const { leases } = pool();
    const ids = await Promise.all(Array.from({ length: 1001 }, () => leases.leaseFor(3600)));
    expect(ids.filter((id) => id === '1')).toHaveLength(1000);
    expect(ids.at(-1)).toBe('2');
  });

  it('grants anew after a failure, and after the store forgot a lease', async () => {
    let grants = 0;
    const leases = new LeasePool(() => (grants++ === 0 ? Promise.reject(new Error('no quorum')) : Promise.resolve(String(grants))), new FakeClock());
    await expect(leases.leaseFor(10)).rejects.toThrow('no quorum');
    expect(await leases.leaseFor(10)).toBe('2');
    leases.forget();
    expect(await leases.leaseFor(10)).toBe('3');
  });
});
