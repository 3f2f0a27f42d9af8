import type { JsonObject, JsonValue, SchemaType, StructType } from '@navarch/apimachinery';
import fc, { type Arbitrary } from 'fast-check';

/** Names of things that JavaScript's objects have anyway, texts that mean something, and texts that do not fit. */
const texts = [
  '',
  'a',
  'a-b',
  'A B',
  '10.96.0.9',
  '::1',
  '80',
  '50%',
  'default',
  'Always',
  'None',
  'TCP',
  'In',
  'Exists',
  '*',
  '1Gi',
  '*/5 * * * *',
  '../..',
  'x'.repeat(70),
  'é',
  '\0',
  '__proto__',
  'constructor',
  'toString',
];

function ofScalar(scalar: string): Arbitrary<JsonValue> {
  switch (scalar) {
    case 'boolean':
      return fc.boolean();
    case 'int32':
    case 'int64':
    case 'double':
      return fc.constantFrom(-1, 0, 1, 80, 30_001, 65_536, 2 ** 31 - 1);
    case 'intOrString':
      return fc.constantFrom<JsonValue[]>(-1, 0, 80, '50%', 'http', '');
    case 'quantity':
      return fc.constantFrom('1', '100m', '1Gi', '0', '-1', '1e3');
    case 'bytes':
      return fc.constantFrom('', 'YQ==');
    case 'time':
    case 'microTime':
      return fc.constant('2026-01-01T00:00:00.000000Z');
    default:
      return fc.constantFrom(...texts);
  }
}

/** Any value of a type; deeper ones hold less. */
function ofType(type: SchemaType, depth: number): Arbitrary<JsonValue> {
  switch (type.kind) {
    case 'scalar':
      return ofScalar(type.scalar);
    case 'any':
      return fc.constantFrom<JsonValue[]>(null, {}, [], 'x', 1);
    case 'list':
      return fc.nat(depth > 5 ? 0 : 2).chain((length) => fc.array(ofType(type.items, depth + 1), { minLength: length, maxLength: length }));
    case 'map':
      return fc.dictionary(fc.constantFrom(...texts), fc.constant(type.values).chain((values) => ofType(values, depth + 1)), { maxKeys: 2 });
    case 'struct':
      return ofStruct(type, depth);
  }
}

/** Any object of a type: fields that are there or not, and values that mean something, or do not fit. At the top apiVersion, kind, metadata and status are left out. */
export function ofStruct(type: StructType, depth: number): Arbitrary<JsonObject> {
  const names = [...type.fields.keys()].filter((name) => depth > 0 || !['apiVersion', 'kind', 'metadata', 'status'].includes(name));
  const most = depth > 5 ? 0 : Math.min(names.length, 6);
  return fc.subarray(names, { minLength: 0, maxLength: most }).chain((chosen) => {
    // Half of the time what must be there is there, so that checks behind the first are reached too.
    const required = depth <= 5 ? names.filter((name) => type.fields.get(name)?.required) : [];
    const members = (all: readonly string[]): Arbitrary<JsonObject> =>
      fc.record(Object.fromEntries([...new Set(all)].map((name) => [name, fc.option(fc.constant(name).chain((field) => ofType(type.fields.get(field)?.type ?? type, depth + 1)), { freq: 30 })])));
    return fc.oneof(members(chosen), members([...chosen, ...required]));
  });
}
