import { HealthChecks, type HealthEndpoint } from '@navarch/component-base';
import { resource, type KubeObject, type ResourceType } from '@navarch/api';
import { notFound } from '@navarch/apimachinery';
import { defaultProfile } from '@navarch/scheduling';
import { addChecks, chooseInformers } from './compose';
import { Profiles } from './profiles';

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

  it.each<[string, string[], unknown]>([
    ['both', ['podgroups.v1alpha2', 'devicetaintrules.v1beta2'], { podGroups: false, deviceTaintRules: resource.devicetaintrules }],
    ['an old version of rules', ['devicetaintrules.v1alpha3'], { podGroups: false, deviceTaintRules: { ...resource.devicetaintrules, version: 'v1alpha3' } }],
    ['neither', [], { podGroups: false }],
  ])('follows what plug-ins that are on need, where a server serves %s', async (_what, served, expected) => {
    const list = ({ resource: name, version, ...type }: ResourceType<KubeObject>): Promise<never> => (served.includes(`${name}.${version}`) ? Promise.resolve({ items: [] } as never) : Promise.reject(notFound({ ...type, resource: name }, '')));
    const client = { list } as Parameters<typeof chooseInformers>[1];
    expect(await chooseInformers(new Profiles([{ profile: defaultProfile(), externals: [] }]), client, new AbortController().signal)).toEqual(expected);
  });
});
