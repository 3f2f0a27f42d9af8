import { type JsonObject, serverSideApply } from '@navarch/apimachinery';
import { typeOf } from '../codec/decode-body';
import { memoryRegistry, type MemoryRegistry } from '../testing/memory-registry';

let registry: MemoryRegistry;
beforeAll(async () => (registry = await memoryRegistry()));
afterAll(() => registry.stop());

const container = { name: 'c', image: 'i', resources: { requests: { cpu: '1' } }, resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }] };
const spec = { nodeName: 'n', resources: { limits: { cpu: '2' } }, containers: [container], initContainers: [container], ephemeralContainers: [{ name: 'd', image: 'i' }] };
const live = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'other' }] } };
const sized = { 'k:{"name":"c"}': { '.': {}, 'f:resizePolicy': {}, 'f:resources': { 'f:requests': { 'f:cpu': {} } } } };

it.each([
  // What it writes of the pod as a whole upstream gives to nobody.
  ['resize', { 'f:containers': sized, 'f:initContainers': sized }],
  ['ephemeralcontainers', { 'f:ephemeralContainers': { 'k:{"name":"d"}': { '.': {}, 'f:image': {}, 'f:name': {} } } }],
])('whoever applies a pod at %s owns what that view writes of its containers, and nothing else', (subresource, owned) => {
  const ignored = registry.registry.store('', 'pods')?.fieldManager.ignoredBy(subresource);
  if (!ignored) throw new Error('no pods');
  const config = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', labels: { a: 'b' } }, spec };
  const { object } = serverSideApply({ live, config, type: typeOf({ group: '', version: 'v1', kind: 'Pod' }), manager: 'm', apiVersion: 'v1', subresource, now: 0, force: false, ignored });
  expect((object['metadata'] as JsonObject)['managedFields']).toContainEqual(expect.objectContaining({ manager: 'm', operation: 'Apply', subresource, fieldsV1: { 'f:spec': owned } }));
});
