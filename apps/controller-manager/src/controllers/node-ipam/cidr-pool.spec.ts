import { CidrPool } from './cidr-pool';

describe('CidrPool', () => {
  it('gives out the parts of its range in order, each once', () => {
    const pool = new CidrPool('10.244.0.0/22', 24);
    expect([pool.allocate(), pool.allocate(), pool.allocate(), pool.allocate(), pool.allocate()]).toEqual(['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24', '10.244.3.0/24', undefined]);
  });

  it('does not give out what nodes have already', () => {
    const pool = new CidrPool('10.244.0.0/16', 24);
    expect(pool.occupy('10.244.0.0/24')).toBe(true);
    expect(pool.allocate()).toBe('10.244.1.0/24');
  });

  it('cuts IPv6 ranges as well', () => {
    const pool = new CidrPool('fd00:10:244::/56', 64);
    expect(pool.occupy('fd00:10:244:1::/64')).toBe(true);
    expect([pool.allocate(), pool.allocate()]).toEqual(['fd00:10:244::/64', 'fd00:10:244:2::/64']);
    expect([pool.occupy('fd00:10:244:100::/64'), pool.occupy('10.244.0.0/24'), pool.occupy('fd00:10:243::/64')]).toEqual([false, false, false]);
  });

  it('knows foreign parts', () => {
    const pool = new CidrPool('10.244.0.0/16', 24);
    expect([pool.occupy('10.245.0.0/24'), pool.occupy('10.243.255.0/24'), pool.occupy('x')]).toEqual([false, false, false]);
    expect(pool.used).toBe(0);
  });

  it.each([
    { held: ['10.0.0.0/25'], free: ['10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24'] },
    { held: ['10.0.0.0/23'], free: ['10.0.2.0/24', '10.0.3.0/24'] },
    { held: ['10.0.0.0/22'], free: [] },
    { held: ['10.0.0.0/8'], free: [] },
    { held: ['10.0.2.128/32', '10.0.0.5/24'], free: ['10.0.1.0/24', '10.0.3.0/24'] },
  ])('gives out none that $held has a share of', ({ held, free }) => {
    const pool = new CidrPool('10.0.0.0/22', 24);
    for (const range of held) pool.occupy(range);
    const given = Array.from({ length: pool.count }, () => pool.allocate()).filter((part) => part !== undefined);
    expect(given).toEqual(free);
    for (const range of [...held, ...given]) pool.release(range);
    expect(pool.used).toBe(0);
  });

  it('keeps a part until all that share it are gone', () => {
    const pool = new CidrPool('10.0.0.0/22', 24);
    for (const range of ['10.0.0.0/25', '10.0.0.128/25']) pool.occupy(range);
    pool.release('10.0.0.0/25');
    expect(pool.allocate()).toBe('10.0.1.0/24');
  });

  it('gives a returned part out again, last', () => {
    const pool = new CidrPool('10.244.0.0/23', 24);
    const first = pool.allocate() as string;
    pool.release(first);
    expect(pool.allocate()).toBe('10.244.1.0/24');
    expect(pool.allocate()).toBe(first);
  });

  it.each(['10.244.0.0/25', 'x', '10.244.0.0'])('refuses %s', (range) => {
    expect(() => new CidrPool(range, 24)).toThrow('cannot be cut');
  });
});
