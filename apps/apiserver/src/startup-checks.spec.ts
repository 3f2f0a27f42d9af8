import { FakeClock } from '@navarch/clock';
import { HealthChecks } from '@navarch/component-base';
import { StartupChecks } from './startup-checks';

it('counts a component until it has started, and /livez only when it has taken too long', async () => {
  const [clock, health] = [new FakeClock(), new HealthChecks()];
  const told = async (): Promise<boolean[]> => Promise.all((['healthz', 'livez', 'readyz'] as const).map(async (endpoint) => (await health.report(endpoint)).healthy));
  let started = (): void => undefined;
  const starting = { name: 'slow', start: () => new Promise<void>((resolve) => (started = resolve)), stop: () => Promise.resolve() };
  const component = new StartupChecks(10_000, { clock, health }).hook('bootstrap-controller', starting);
  const start = component.start();
  expect(await told()).toEqual([false, true, false]);
  await clock.advance(10_000);
  expect(await told()).toEqual([false, false, false]);
  started();
  await start;
  expect(await told()).toEqual([true, true, true]);
  expect((await health.report('readyz', { verbose: true })).body).toContain('[+]poststarthook/bootstrap-controller ok\n');
});
