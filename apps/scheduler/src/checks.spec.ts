import { HealthChecks, type HealthEndpoint } from '@navarch/component-base';
import { addChecks } from './checks';

describe('the scheduler', () => {
  const checksOf = async (health: HealthChecks, endpoint: HealthEndpoint): Promise<string[]> => (await health.report(endpoint, { verbose: true })).body.split('\n').filter((line) => line.startsWith('['));

  it.each([
    { isElected: true, healthz: ['[+]ping ok', '[+]leaderElection ok'], readyz: ['[+]ping ok', '[+]leaderElection ok'] },
    { isElected: false, healthz: ['[+]ping ok'], readyz: ['[+]ping ok'] },
  ])('is ready when it has seen the cluster, elected or not ($isElected)', async ({ isElected, healthz, readyz }) => {
    const health = new HealthChecks();
    let see = (): void => undefined;
    const seen = new Promise<void>((resolve) => (see = resolve));
    addChecks(health, [{ waitForSync: () => Promise.resolve() }, { waitForSync: () => seen }], isElected, new AbortController().signal);
    await Promise.resolve();
    expect(await checksOf(health, 'readyz')).toEqual([...readyz, '[-]sched-handler-sync failed: reason withheld']);
    expect(await checksOf(health, 'healthz')).toEqual(healthz);
    see();
    await new Promise(setImmediate);
    expect(await checksOf(health, 'readyz')).toEqual([...readyz, '[+]sched-handler-sync ok']);
    expect(await health.reportOne('readyz', 'sched-handler-sync')).toMatchObject({ healthy: true });
  });

  it('that ends before it has seen the cluster was never ready', async () => {
    const health = new HealthChecks();
    addChecks(health, [{ waitForSync: () => Promise.reject(new Error('stopped')) }], false, AbortSignal.abort());
    await new Promise(setImmediate);
    expect((await health.report('readyz')).healthy).toBe(false);
  });
});
