import { PullLimit } from './pull-limit';

const taken = (limit: PullLimit, nowMs: number, times: number): number => Array.from({ length: times }, () => limit.take(nowMs)).filter((may) => may).length;

describe('how often registries are asked', () => {
  it('lets as many begin at once as the burst, then as many a second as it may', () => {
    const limit = new PullLimit({ perSecond: 5, burst: 10 });
    expect(taken(limit, 1_000, 20)).toBe(10);
    expect(taken(limit, 1_199, 1)).toBe(0);
    expect(taken(limit, 1_200, 2)).toBe(1);
    expect(taken(limit, 2_200, 20)).toBe(5);
    expect(taken(limit, 100_000, 20)).toBe(10);
  });

  it('has no limit with 0 a second, and lets nothing begin with a burst of 0', () => {
    expect(taken(new PullLimit({ perSecond: 0, burst: 0 }), 0, 1_000)).toBe(1_000);
    expect(taken(new PullLimit({ perSecond: 5, burst: 0 }), 0, 10)).toBe(0);
  });
});
