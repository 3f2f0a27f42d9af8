import { resource, type KubeObject, type ResourceType } from '@navarch/api';
import { notFound } from '@navarch/apimachinery';
import { defaultProfile } from '@navarch/scheduling';
import { chooseInformers } from './choose-informers';
import { Profiles } from './profiles';

describe('the scheduler', () => {
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
