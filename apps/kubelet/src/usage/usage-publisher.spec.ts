import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { type changev1 } from '@navarch/proto';
import { usageEveryMs, UsagePublisher, type UsageSummary } from './usage-publisher';

const counters = { startTime: '2026-01-01T00:00:00.000Z', cpu: { time: '2026-01-01T00:01:00.000Z', usageCoreNanoSeconds: 5_000 }, memory: { workingSetBytes: 1_024 } };
const summary: UsageSummary = { node: counters, pods: [{ podRef: { namespace: 'default', name: 'web', uid: 'u1' }, containers: [{ name: 'app', ...counters }, { name: 'starting', startTime: counters.startTime }] }] };

describe('UsagePublisher', () => {
  it('tells the counters of the node and of its containers again and again, also after a failure', async () => {
    const clock = new FakeClock();
    const told: changev1.Usage[] = [];
    let fail = false;
    const publisher = new UsagePublisher('node-1', {
      clock,
      log: silentLogger,
      publish: (usage) => told.push(usage),
      labelsOf: (uid) => ({ of: uid }),
      read: () => (fail ? Promise.reject(new Error('no runtime')) : Promise.resolve(summary)),
    });
    await publisher.start();
    await clock.advance(0);
    const sample = { takenUnixMs: BigInt(Date.parse(counters.cpu.time)), startedUnixMs: BigInt(Date.parse(counters.startTime)), cpuUsageCoreNanoseconds: 5_000n, memoryWorkingSetBytes: 1_024n };
    expect(told).toEqual([{ node: 'node-1', total: { ...sample, startedUnixMs: 0n }, pods: [{ namespace: 'default', name: 'web', uid: 'u1', labels: { of: 'u1' }, containers: [{ name: 'app', sample }] }] }]);
    fail = true;
    await clock.advance(usageEveryMs);
    expect(told).toHaveLength(1);
    fail = false;
    await clock.advance(usageEveryMs);
    expect(told).toHaveLength(2);
    await publisher.stop();
  });

  it.each([0, 1, 250])('is one message and one reading every ten seconds: with %d pods', async (pods) => {
    const clock = new FakeClock();
    let [readings, messages] = [0, 0];
    const many = { node: counters, pods: Array.from({ length: pods }, (_, pod) => ({ podRef: { namespace: 'default', name: `pod-${pod}`, uid: `u${pod}` }, containers: [{ name: 'app', ...counters }, { name: 'side', ...counters }] })) };
    const read = (): Promise<UsageSummary> => {
      readings++;
      return Promise.resolve(many);
    };
    const publisher = new UsagePublisher('node-1', { clock, log: silentLogger, publish: () => messages++, labelsOf: () => ({}), read });
    await publisher.start();
    await clock.advance(0);
    for (let turn = 0; turn < 6; turn++) await clock.advance(usageEveryMs);
    expect([readings, messages]).toEqual([7, 7]);
    await publisher.stop();
  });
});
