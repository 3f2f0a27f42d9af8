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
