import { allResources } from '@navarch/api';
import { Discovery } from './discovery';

const discovery = new Discovery([...allResources()].filter(({ servedByDefault }) => servedByDefault));

/** As a kube-apiserver 1.36 tells them. */
it.each([
  ['', 'v1', 'pods', 'xPOwRZ+Yhw8='],
  ['apps', 'v1', 'deployments', '8aSe+NMegvE='],
  ['autoscaling', 'v1', 'horizontalpodautoscalers', 'qwQve8ut294='],
  ['events.k8s.io', 'v1', 'events', 'r2yiGXH7wu8='],
])('%s/%s/%s: the hash of the stored form', (group, version, resource, hash) => {
  expect(discovery.resourceList(group, version)?.resources.find(({ name }) => name === resource)?.storageVersionHash).toBe(hash);
});

it('aggregated: a kind has a group and version where they are not those of its resource', () => {
  const [core] = discovery.aggregated(true).items as { metadata: object; versions: { resources: { resource: string; responseKind: object; subresources?: object[] }[] }[] }[];
  const controllers = core?.versions[0]?.resources.find(({ resource }) => resource === 'replicationcontrollers');
  expect(core?.metadata).toEqual({});
  expect(controllers).toMatchObject({
    responseKind: { group: '', version: '', kind: 'ReplicationController' },
    subresources: [{ subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' } }, { subresource: 'status', responseKind: { group: '', version: '', kind: 'ReplicationController' } }],
  });
});

it('aggregated: a custom kind has its group and version', () => {
  const [pods] = [...allResources()].filter(({ resource }) => resource === 'pods');
  const custom = new Discovery(pods ? [{ ...pods, group: 'example.com', resource: 'things', kind: 'Thing', subresources: [] }] : []);
  expect(custom.aggregated(false).items).toMatchObject([{ metadata: { name: 'example.com' }, versions: [{ resources: [{ responseKind: { group: 'example.com', version: 'v1', kind: 'Thing' } }] }] }]);
});

it('groups stand in the order that decides about short names', () => {
  const names = discovery.groupList().groups.map(({ name }) => name);
  expect(names.indexOf('resource.k8s.io')).toBeLessThan(names.indexOf('flowcontrol.apiserver.k8s.io'));
});
