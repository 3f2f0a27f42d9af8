import { core } from '@navarch/api';
import { Selection } from '../registry/selection';
import { memoryRegistry, type MemoryRegistry } from '../testing/memory-registry';
import { WatchCounts } from './watch-counts';

let registry: MemoryRegistry;
beforeAll(async () => (registry = await memoryRegistry()));
afterAll(() => registry.stop());

it('an object concerns watches of everything, of its namespace and of its name, and of its node one', () => {
  const [pods, maps] = [registry.registry.storeOf(core.pods), registry.registry.storeOf(core.configmaps)];
  const counts = new WatchCounts();
  const watch = (resource: typeof pods, namespace = '', fields = ''): (() => void) => counts.add({ resource, namespace, selection: Selection.of('', fields, resource.fields) });
  const over = [watch(pods), watch(pods, 'a'), watch(pods, 'b'), watch(pods, 'a', 'metadata.name=x'), watch(pods, '', 'metadata.name=x'), watch(pods, '', 'spec.nodeName=n1'), watch(pods, '', 'spec.nodeName=n2'), watch(maps)];
  expect(counts.interested(pods, 'a', 'x')).toBe(5);
  expect(counts.interested(pods, 'a', 'y')).toBe(3);
  expect(counts.interested(pods, 'c', '')).toBe(2);
  expect(counts.interested(maps, 'a', 'x')).toBe(1);
  for (const end of over) end();
  expect(counts.interested(pods, 'a', 'x')).toBe(0);
  expect(counts.interested(registry.registry.storeOf(core.secrets), 'a', 'x')).toBe(0);
});
