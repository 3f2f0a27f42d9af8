import { type MemoryRegistry, memoryRegistry } from '../testing/memory-registry';
import { Discovery } from './discovery';

let registry: MemoryRegistry;
beforeAll(async () => {
  registry = await memoryRegistry();
});
afterAll(() => registry.stop());

// As upstream's own documents have them (`api/discovery`): of the stored form, whatever the version and the group that are asked for.
it.each([
  ['', 'v1', 'secrets', 'S6u1pOWzb84='],
  ['', 'v1', 'events', 'r2yiGXH7wu8='],
  ['events.k8s.io', 'v1', 'events', 'r2yiGXH7wu8='],
  ['autoscaling', 'v1', 'horizontalpodautoscalers', 'qwQve8ut294='],
  ['autoscaling', 'v2', 'horizontalpodautoscalers', 'qwQve8ut294='],
  ['coordination.k8s.io', 'v1', 'leases', 'gqkMMb/YqFM='],
  ['', 'v1', 'componentstatuses', undefined],
  ['', 'v1', 'bindings', undefined],
])('the hash of the stored form of %s/%s %s', (group, version, resource, hash) => {
  const found = new Discovery(registry.facts).resourceList(group, version)?.resources.find(({ name }) => name === resource);
  expect(found).toMatchObject({ name: resource });
  expect(found?.storageVersionHash).toBe(hash);
});

it('aggregated: a kind has a group and version where they are not those of its resource', () => {
  const [core] = new Discovery(registry.facts).aggregated(true).items as { metadata: object; versions: { resources: { resource: string; responseKind: object; subresources?: object[] }[] }[] }[];
  const controllers = core?.versions[0]?.resources.find(({ resource }) => resource === 'replicationcontrollers');
  expect(core?.metadata).toEqual({});
  expect(controllers).toMatchObject({
    responseKind: { group: '', version: '', kind: 'ReplicationController' },
    subresources: [{ subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } }, { subresource: 'status', responseKind: { group: '', version: '', kind: 'ReplicationController' } }],
  });
});

it('aggregated: a custom kind has its group and version', () => {
  const [pods] = [...registry.facts].filter(({ resource }) => resource === 'pods');
  const custom = new Discovery(pods ? [{ ...pods, group: 'example.com', resource: 'things', kind: 'Thing', subresources: [] }] : []);
  expect(custom.aggregated(false).items).toMatchObject([{ metadata: { name: 'example.com' }, versions: [{ resources: [{ responseKind: { group: 'example.com', version: 'v1', kind: 'Thing' } }] }] }]);
});

it('groups stand in the order that decides about short names', () => {
  const names = new Discovery(registry.facts).groupList().groups.map(({ name }) => name);
  expect(names.indexOf('resource.k8s.io')).toBeLessThan(names.indexOf('flowcontrol.apiserver.k8s.io'));
});

it('groups and versions of other servers stand where their APIServices want them', () => {
  const of = (group: string, version: string, groupPriority: number, versionPriority: number) => ({ group, version, facts: [], isStale: false, priorities: { group: groupPriority, version: versionPriority } });
  const discovery = new Discovery(registry.facts, [
    of('high.example.com', 'v1', 1, 2), of('high.example.com', 'v1alpha1', 20_000, 1), of('high.example.com', 'v1alpha2', 17_300, 3), of('low.example.com', 'v1', 1, 15), of('mid.example.com', 'v1', 17_350, 15),
  ]);
  const { groups } = discovery.groupList();
  const names = groups.map(({ name }) => name);
  expect([names[0], names[1], names.at(-1)]).toEqual(['apiregistration.k8s.io', 'high.example.com', 'low.example.com']);
  expect(names.slice(names.indexOf('batch'), names.indexOf('certificates.k8s.io') + 1)).toEqual(['batch', 'mid.example.com', 'certificates.k8s.io']);
  expect(names.filter((name) => !name.endsWith('example.com'))).toEqual(new Discovery(registry.facts).groupList().groups.map(({ name }) => name));
  expect(groups[1]?.versions.map(({ version }) => version)).toEqual(['v1alpha2', 'v1', 'v1alpha1']);
});
