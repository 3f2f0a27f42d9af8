import fc from 'fast-check';
import { decodeObject, isJsonObject, serializeForStorage, serializeUntyped, storedPrefix, type JsonObject, type JsonValue } from '.';
import { type SchemaType, type StructType } from '../schema';
import { typeOfKind } from '../testing/built-in-tables';
import { compareStrings } from '../text/compare-strings';

const pod = typeOfKind('/v1/Pod');
const stored = (object: JsonObject, type: StructType): string => serializeForStorage(object, type).toString();

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('"', '\\', '/', ' ', '~', '\u007f', '\u0000', '\n', '\u2028', '\ud800', 'ä'), maxLength: 90 }));

/** What the bytes say, made the slow way. */
function expected(value: JsonValue | undefined, type?: SchemaType, without: readonly string[] = []): string {
  if (Array.isArray(value)) return `[${value.map((item) => expected(item, type?.kind === 'list' ? type.items : undefined)).join(',')}]`;
  if (!isJsonObject(value)) return typeof value === 'bigint' ? `${value}` : JSON.stringify(value);
  const fields = type?.kind === 'struct' ? [...type.fields.keys()] : [];
  const typeOf = (name: string): SchemaType | undefined => (type?.kind === 'map' ? type.values : type?.kind === 'struct' ? type.fields.get(name)?.type : undefined);
  const names = [...fields.filter((name) => Object.hasOwn(value, name)), ...Object.keys(value).filter((name) => !fields.includes(name)).sort(compareStrings)].filter((name) => !without.includes(name));
  return `{${names.map((name) => `${JSON.stringify(name)}:${expected(value[name], typeOf(name))}`).join(',')}}`;
}

const { value: anything } = fc.letrec<{ value: JsonValue; object: JsonObject; list: JsonValue[] }>((tie) => ({
  value: fc.oneof({ withCrossShrink: true, maxDepth: 7 }, anyText, fc.constantFrom(0, -0, 1.5, 1e21, NaN, true, false, null, 2n ** 63n, 'x'.repeat(200)), tie('object'), tie('list')),
  object: fc.dictionary(fc.oneof(fc.constantFrom('spec', 'containers', 'env', 'labels', 'name', 'image', 'managedFields', 'fieldsV1', 'resourceVersion', 'f:spec', '10', '9', 'constructor'), anyText), tie('value')),
  list: fc.array(tie('value'), { maxLength: 3 }),
}));

describe('an object at rest', () => {
  it('is written with its metadata first, whatever its order was', () => {
    const one = decodeObject(Buffer.from('{"kind":"Pod","apiVersion":"v1","spec":{"nodeName":"n","containers":[{"name":"a"}]},"metadata":{"name":"p","labels":{"b":"1","a":"2"},"resourceVersion":"7"}}'), pod).object;
    const two = decodeObject(Buffer.from('{"metadata":{"labels":{"a":"2","b":"1"},"name":"p"},"spec":{"containers":[{"name":"a"}],"nodeName":"n"}}'), pod).object;
    expect(stored(one, pod)).toBe('{"metadata":{"resourceVersion":"","labels":{"a":"2","b":"1"},"name":"p"},"spec":{"containers":[{"name":"a"}],"nodeName":"n"}}');
    expect(stored(two, pod)).toBe(stored(one, pod));
    expect(stored({}, pod)).toBe(`${storedPrefix}}}`);
  });

  it('has declared fields in the order of the schema, all others sorted, and every value as JSON has it', () => {
    fc.assert(fc.property(anything, anything, (meta, spec) => {
      const metadata = isJsonObject(meta) ? meta : { labels: meta };
      const said = expected(metadata, pod.fields.get('metadata')?.type, ['resourceVersion']).slice(1);
      expect(stored({ spec, metadata, kind: 'Pod' }, pod)).toBe(`${storedPrefix}${said === '}' ? '' : ','}${said},"spec":${expected(spec, pod.fields.get('spec')?.type)}}`);
    }));
  });

  it('may be larger than what was written before', () => {
    const spec = { nodeName: 'ä'.repeat(700_000) };
    expect(stored({ spec }, pod)).toBe(`${storedPrefix}},"spec":{"nodeName":"${spec.nodeName}"}}`);
    expect(stored(JSON.parse('{"metadata":{"labels":{"__proto__":"x"}}}') as JsonObject, pod)).toBe(`${storedPrefix},"labels":{"__proto__":"x"}}}`);
  });
});

describe('JSON without a type', () => {
  it('has every text as JSON does, as a value and as a key', () => {
    fc.assert(fc.property(anyText, (text) => {
      expect(serializeUntyped({ [text]: text })).toBe(JSON.stringify({ [text]: text }));
    }));
  });
});
