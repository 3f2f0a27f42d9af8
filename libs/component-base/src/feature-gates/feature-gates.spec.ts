import { Registry } from 'prom-client';
import { FeatureGates } from './feature-gates';
import { alwaysDone, gateNames, gateTable } from './gate-table';

describe('feature gates', () => {
  it('are as upstream has them unless they are set, and a stage sets all that say nothing themselves', () => {
    const heeds = ['AllowUnsafeMalformedObjectDeletion', 'APIServerIdentity', 'ContainerStopSignals'] as const;
    const of = (...items: string[]): boolean[] => heeds.map((gate) => FeatureGates.parse(items, heeds).enabled(gate));
    expect(of()).toEqual([false, true, true]);
    expect(of('AllowUnsafeMalformedObjectDeletion=true', ' APIServerIdentity = F ')).toEqual([true, false, true]);
    expect(of('AllAlpha=true', 'kube:AllBeta=false')).toEqual([true, false, true]);
    expect(of('AllAlpha=true', 'AllowUnsafeMalformedObjectDeletion=false')).toEqual([false, true, true]);
    expect(of('APIServerIdentity=false', 'APIServerIdentity=true', 'ContainerStopSignals=false', '')).toEqual([false, true, false]);
  });

  it.each([
    ['Nope=true', 'unrecognized feature gate: Nope'],
    ['ComponentFlagz', 'missing bool value for ComponentFlagz'],
    ['ComponentFlagz=yes', 'invalid value of ComponentFlagz=yes, err: strconv.ParseBool: parsing "yes": invalid syntax'],
    ['SidecarContainers=false', 'cannot set feature gate SidecarContainers to false, feature is locked to true'],
    ['GitRepoVolumeDriver=true', 'cannot set feature gate GitRepoVolumeDriver to true, feature is locked to false'],
    ['mine:ComponentFlagz=true', 'component not registered: mine'],
  ])('%s is refused', (item, why) => {
    expect(() => FeatureGates.parse([item])).toThrow(`invalid argument ${JSON.stringify(item)} for "--feature-gates" flag: ${why}`);
  });

  it('tell of those that change nothing here: what is done anyway is no news', () => {
    expect(FeatureGates.parse(['SidecarContainers=true', 'PodCertificateRequest=true', 'ComponentFlagz=false', 'AllAlpha=true']).withoutEffect()).toEqual([]);
    expect(FeatureGates.parse(['WatchList=false', 'PodCertificateRequest=false', 'MemoryQoS=true', 'APIServerIdentity=false']).withoutEffect()).toEqual(['APIServerIdentity', 'MemoryQoS', 'PodCertificateRequest', 'WatchList']);
  });

  it('are a metric by name and stage, which says what is done', async () => {
    const registry = new Registry();
    FeatureGates.parse(['ComponentFlagz=false', 'MemoryQoS=true']).register(registry);
    const text = await registry.metrics();
    for (const line of [
      '{name="ComponentFlagz",stage="BETA"} 0',
      '{name="ComponentStatusz",stage="BETA"} 1',
      '{name="MemoryQoS",stage="ALPHA"} 0',
      '{name="SidecarContainers",stage=""} 1',
      '{name="KMSv1",stage="DEPRECATED"} 0',
      '{name="AllAlpha",stage="ALPHA"} 0',
    ]) expect(text).toContain(`kubernetes_feature_enabled${line}`);
  });

  it('are each in the table once, and what is always done is off there', () => {
    expect(gateNames).toHaveLength(new Set(gateNames).size);
    for (const name of alwaysDone) expect([name, gateTable.get(name)]).toEqual([name, expect.objectContaining({ default: false, locked: false })]);
  });
});
