import { DeliveryPace } from './delivery-pace';

describe('the pace of deliveries', () => {
  it('lets what follows a quiet while leave at once', () => {
    const pace = new DeliveryPace();
    expect(pace.delayMs(1_000)).toBe(0);
    pace.wrote(1_000, 100);
    expect(pace.delayMs(1_005)).toBe(0);
  });

  it('gathers the events of a burst, the longer the more watchers there are', () => {
    const pace = new DeliveryPace();
    pace.wrote(1_000, 100);
    expect(pace.delayMs(1_001)).toBe(4);
    pace.wrote(1_000, 200);
    expect(pace.delayMs(1_001)).toBe(9);
  });

  it('never delays what few watch', () => {
    const pace = new DeliveryPace();
    pace.wrote(1_000, 5);
    expect(pace.delayMs(1_000)).toBe(0);
  });

  it('holds no event for long, however many watch and whatever the clock does', () => {
    const pace = new DeliveryPace();
    pace.wrote(1_000, 100_000);
    expect(pace.delayMs(1_000)).toBe(20);
    expect(pace.delayMs(0)).toBe(0);
  });
});
