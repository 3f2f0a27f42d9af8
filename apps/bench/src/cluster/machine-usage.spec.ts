import { machineUsage, othersShare } from './machine-usage';

describe('othersShare', () => {
  it('is what remains of the busy time, as a part of the machine', () => {
    expect(othersShare({ busySeconds: 10, totalSeconds: 100 }, { busySeconds: 18, totalSeconds: 120 }, 3)).toBe(0.25);
  });

  it('is never less than nothing, and nothing when no time has passed', () => {
    expect(othersShare({ busySeconds: 10, totalSeconds: 100 }, { busySeconds: 12, totalSeconds: 120 }, 3)).toBe(0);
    expect(othersShare({ busySeconds: 1, totalSeconds: 1 }, { busySeconds: 1, totalSeconds: 1 }, 0)).toBe(0);
  });
});

describe('machineUsage', () => {
  it('reads the machine it runs on', () => {
    const { busySeconds, totalSeconds } = machineUsage();
    expect(busySeconds).toBeGreaterThan(0);
    expect(totalSeconds).toBeGreaterThanOrEqual(busySeconds);
  });
});
