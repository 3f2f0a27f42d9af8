import { serverSideApply, trackUpdate } from '../apply';
import { serializeForStorage, type JsonObject } from '../json';
import { catalog } from '../testing/built-in-tables';
import { customType, type StructType } from '.';

const objectMeta = catalog.structOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta') as StructType;
const type = customType({
  kind: 'Widget', objectMeta,
  schema: {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          size: { type: 'integer' }, port: { 'x-kubernetes-int-or-string': true }, tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
          parts: {
            type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name', 'side'],
            items: { type: 'object', properties: { name: { type: 'string' }, side: { type: 'string', default: 'left' }, weight: { type: 'number' } } },
          },
          pairs: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items: { type: 'object', properties: { name: { type: 'string' }, weight: { type: 'number' } } } },
          free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, labels: { type: 'object', additionalProperties: { type: 'string' } },
        },
      },
    },
  },
});

const apply = (live: JsonObject | undefined, spec: JsonObject, manager: string): JsonObject => serverSideApply({
  live, config: { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' }, spec }, type, manager, apiVersion: 'example.com/v1', force: false, now: 0,
}).object;

describe('custom kinds', () => {
  it('are applied by the lists and maps that their CRD declares', () => {
    const one = apply(undefined, { tags: ['a'], parts: [{ name: 'x', weight: 1 }], free: { a: { b: 1 } }, labels: { k: 'v' } }, 'one');
    const both = apply(one, { tags: ['b'], parts: [{ name: 'x', side: 'left', weight: 1 }, { name: 'x', side: 'right' }], free: { a: { c: 2 } } }, 'two');
    expect(both['spec']).toEqual({
      tags: ['a', 'b'], parts: [{ name: 'x', weight: 1, side: 'left' }, { name: 'x', side: 'right' }], free: { a: { b: 1, c: 2 } }, labels: { k: 'v' },
    });
    expect(apply(both, {}, 'two')['spec']).toEqual({ tags: ['a'], parts: [{ name: 'x', weight: 1 }], free: { a: { b: 1 } }, labels: { k: 'v' } });
    expect(() => apply(one, { pairs: [{ weight: 1 }] }, 'two')).toThrow(
      '.spec.pairs: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
    );
    expect(() => apply(one, { size: 1, sise: 2 }, 'two')).toThrow('.spec.sise: field not declared in schema');
  });

  it('keep zero values at rest', () => {
    expect(serializeForStorage({ spec: { size: 0, tags: [] }, metadata: { name: 'w' } }, type).toString()).toBe('{"metadata":{"resourceVersion":"","name":"w"},"spec":{"size":0,"tags":[]}}');
  });
});

it('has nothing that is there before somebody sets it, so that writers own whole objects', () => {
  const next = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', labels: { a: 'b' } }, spec: { size: 1, parts: [{ name: 'p' }] } };
  const { managedFields } = trackUpdate({ live: undefined, next, type, manager: 'm', apiVersion: 'example.com/v1', now: 0 })['metadata'] as { managedFields: JsonObject[] };
  expect(managedFields[0]?.['fieldsV1']).toEqual({
    'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
    'f:spec': { '.': {}, 'f:size': {}, 'f:parts': { '.': {}, 'k:{"name":"p","side":"left"}': { '.': {}, 'f:name': {} } } },
  });
});
