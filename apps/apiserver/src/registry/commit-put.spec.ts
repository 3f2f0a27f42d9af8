import { memoryRegistry, type MemoryRegistry } from '../testing/memory-registry';
import { sampleOf, storedResources } from '../testing/sample-resource';
import { create, settleNamespace } from './create';
import type { Cached } from './resource-store';
import { update } from './update';

let registry: MemoryRegistry;
beforeAll(async () => (registry = await memoryRegistry()));
afterAll(() => registry.stop());

it('describes what is written as its bytes do, whatever the kind', async () => {
  const described: unknown[] = [];
  const parsed: unknown[] = [];
  for (const [nth, facts] of storedResources.entries()) {
    const served = registry.registry.served(facts.group, facts.version, facts.resource);
    if (!served) throw new Error(`${facts.resource} is not served`);
    const { store, traits } = served;
    const note = (object: Cached): void => {
      described.push([object.key, object.description]);
      parsed.push([object.key, store.objects.resource.describe(object.parse())]);
    };
    const sample = sampleOf(facts, nth + 1);
    const body = { ...sample, metadata: { ...sample.metadata, labels: { app: 'sample', constructor: 'z' } } };
    const asked = traits.codec.decode(Buffer.from(JSON.stringify(body)), 'json', registry.context);
    settleNamespace(store, asked, 'default');
    const made = await create(store, await served.toStorage(asked), registry.context);
    note(made);
    const { namespace = '', name = '' } = made.object.metadata;
    const changed = await update(store, {
      namespace, name, subresource: '', createsMissing: false,
      compute: () => {
        const object = made.parse();
        object.metadata.labels = {};
        return object;
      },
    }, registry.context);
    note(changed.object);
  }
  expect(described).toHaveLength(2 * storedResources.length);
  expect(described).toEqual(parsed);
});
