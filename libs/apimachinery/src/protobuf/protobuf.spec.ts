import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { conformToType, DecodeError, equalJson, isJsonObject, type JsonObject, type JsonValue } from '../json';
import { type SchemaType } from '../schema';
import { builtInTables, catalog, typeOfKind } from '../testing/built-in-tables';
import { formatDuration, frameWatchEvent, parseDuration, ProtobufCodec } from '.';

const codec = new ProtobufCodec(builtInTables, catalog);

interface Recorded { command: string; path: string; body: string; json?: JsonObject }
const { requests } = JSON.parse(readFileSync(join(__dirname, '../../fixtures/kubectl-1.33.json'), 'utf8')) as { requests: Recorded[] };

/** What kubectl prints still has nulls for times that are not set. */
function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null).map(([name, each]) => [name, withoutNulls(each)]));
}

describe('bodies of kubectl 1.33', () => {
  it.each(requests.filter((each) => each.json))('$command', ({ body, json }) => {
    const decoded = codec.decode(Buffer.from(body, 'base64'));
    expect(decoded).toEqual(withoutNulls(json ?? {}));
    expect(codec.decode(codec.encode(decoded))).toEqual(decoded);
  });

  it('read TokenRequest and SelfSubjectReview', () => {
    const of = (command: string): JsonObject => codec.decode(Buffer.from(requests.find((each) => each.command.startsWith(command))?.body ?? '', 'base64'));
    expect(of('kubectl create token')).toEqual({
      apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: { audiences: undefined, expirationSeconds: 3600 }, status: { token: '' },
    });
    expect(of('kubectl auth whoami')).toEqual({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {}, status: { userInfo: {} } });
  });
});

describe('DeleteOptions', () => {
  it('are a kind of every group', () => {
    const options = { apiVersion: 'apps/v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, propagationPolicy: 'Background' };
    expect(codec.decode(codec.encode(options))).toEqual(options);
    expect(codec.kindOf(codec.encode(options))).toEqual({ apiVersion: 'apps/v1', kind: 'DeleteOptions' });
  });
});

describe('bare metadata', () => {
  it.each(['v1', 'v1beta1'])('of %s are written, alone and in lists', (version) => {
    const apiVersion = `meta.k8s.io/${version}`;
    const one = { metadata: { name: 'a', labels: { b: 'c' } } };
    expect(codec.decode(codec.encode({ kind: 'PartialObjectMetadata', apiVersion, ...one }))).toEqual({ kind: 'PartialObjectMetadata', apiVersion, ...one });
    const list = { kind: 'PartialObjectMetadataList', apiVersion, metadata: { resourceVersion: '7' }, items: [one, { metadata: { name: 'd' } }] };
    expect(codec.decode(codec.encode(list))).toEqual(list);
  });
});

describe('hand-made bytes', () => {
  const envelope = (apiVersion: string, kind: string, raw: number[]): Buffer => {
    const field = (number: number, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
    return Buffer.concat([Buffer.from('k8s\0'), field(1, Buffer.concat([field(1, Buffer.from(apiVersion)), field(2, Buffer.from(kind))])), field(2, Buffer.from(raw))]);
  };

  it('of an int-or-string, a pointer that is zero, a negative number and an unknown field', () => {
    // spec(2): replicas(1)=0, minReadySeconds(5)=-1; unknown field 100.
    expect(codec.decode(envelope('apps/v1', 'Deployment', [0x12, 13, 0x08, 0, 0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0xa2, 0x06, 1, 0]))).toEqual({
      apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 0, minReadySeconds: -1 },
    });
  });

  it('of groups within groups, which nobody knows', () => {
    expect(codec.decode(envelope('v1', 'Pod', [0xa3, 0x06, 0xab, 0x06, 0x08, 1, 0xac, 0x06, 0xa4, 0x06]))).toEqual({ apiVersion: 'v1', kind: 'Pod' });
  });

  it.each<[string, Buffer]>([
    ['expected prefix', Buffer.from('{"kind":"Pod"}')],
    ['unexpected EOF', envelope('v1', 'Pod', [0x0a, 0x7f])],
    ['wrong wireType', envelope('v1', 'Pod', [0x08, 0x01])],
    ['unexpected EOF', envelope('v1', 'Pod', [0xa3, 0x06])],
    ['proto: illegal wireType 7', envelope('v1', 'Pod', [0xa7, 0x06])],
    ['proto: Pod: wiretype end group for non-group', envelope('v1', 'Pod', [0xa4, 0x06])],
    ['proto: Pod: illegal tag 0 (wire type 2)', envelope('v1', 'Pod', [0x02])],
    ['proto: integer overflow', envelope('v1', 'Pod', [0x0a, ...Array<number>(11).fill(0xff)])],
    ['proto: negative length found during unmarshaling', envelope('v1', 'Pod', [0x0a, ...Array<number>(9).fill(0xff), 1])],
    // The lower half of this length would fit.
    ['unexpected EOF', envelope('v1', 'Pod', [0x0a, 0x80, 0x80, 0x80, 0x80, 0x10])],
    ['empty data', Buffer.alloc(0)],
    ['empty body', Buffer.from('k8s\0')],
    ['no kind "Nope" is registered for version "v1"', envelope('v1', 'Nope', [])],
    ['quantities must match', codec.encode({ apiVersion: 'v1', kind: 'ResourceQuota', spec: { hard: { cpu: '1x' } } })],
  ])('%s', (message, body) => {
    expect(() => codec.decode(body)).toThrow(message);
    expect(() => codec.decode(body)).toThrow(DecodeError);
  });

  it('that are cut or flipped anywhere fail as a DecodeError or read as something', () => {
    fc.assert(fc.property(fc.constantFrom(...requests), fc.nat(), fc.nat({ max: 255 }), ({ body }, at, byte) => {
      const bytes = Buffer.from(body, 'base64');
      const flipped = Buffer.from(bytes);
      flipped[at % bytes.length] = byte;
      for (const hostile of [bytes.subarray(0, at % bytes.length), flipped]) {
        try {
          codec.decode(hostile);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }
    }), { numRuns: 1000 });
  });

  it('of a schema nested without end', () => {
    let nested: JsonObject = {};
    for (let i = 0; i < 220; i++) nested = { properties: { a: nested } };
    const crd = codec.encode({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', spec: { versions: [{ schema: { openAPIV3Schema: nested } }] } });
    expect(() => codec.decode(crd)).toThrow('exceeded max depth');
  });
});

describe('every built-in kind', () => {
  /** Any value of a type, as Go would write it. */
  function arbitrary(type: SchemaType, depth: number): fc.Arbitrary<JsonValue> {
    switch (type.kind) {
      case 'any':
        return fc.constantFrom<JsonValue>({ a: [1, 'x', null] }, { 'f:a': {} }, {});
      case 'list':
        return fc.array(arbitrary(type.items, depth - 1), { maxLength: 2 });
      case 'map':
        return fc.dictionary(fc.constantFrom('a', 'b/c', '__proto__', ''), arbitrary(type.values, depth - 1), { maxKeys: 2 });
      case 'struct': {
        if (depth <= 0) return fc.constant({});
        const fields = [...type.fields.values()].filter(({ name }) => name !== 'apiVersion' && name !== 'kind');
        return fc.subarray(fields, { maxLength: Math.min(5, fields.length) }).chain((some) => fc.record(Object.fromEntries(some.map((field) => [field.name, arbitrary(field.type, depth - 1)]))));
      }
      case 'scalar':
        break;
    }
    switch (type.scalar) {
      case 'boolean':
        return fc.boolean();
      case 'int32':
        return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
      case 'int64':
        return fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constant(2n ** 63n - 1n), fc.constant(-(2n ** 63n)));
      case 'double':
        return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));
      case 'bytes':
        return fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64'));
      case 'intOrString':
        return fc.oneof<fc.Arbitrary<JsonValue>[]>(fc.integer(), fc.string());
      case 'quantity':
        return fc.constantFrom('1', '500m', '1Gi');
      case 'time':
        return fc.constantFrom('2024-02-29T23:59:59Z', '1999-01-01T00:00:00Z');
      case 'microTime':
        return fc.constantFrom('2024-02-29T23:59:59.000001Z', '1999-01-01T00:00:00.123456Z');
      case 'string':
        return fc.string({ unit: 'binary' });
    }
  }

  it('goes to the wire and back unchanged', () => {
    const kinds = Object.values(builtInTables.schema.definitions).flatMap((definition) => definition.gvk ?? []).filter((gvk) => gvk !== 'many');
    expect(kinds.length).toBeGreaterThan(150);
    for (const gvk of kinds) {
      const [group = '', version = '', kind = ''] = gvk.split('/');
      const apiVersion = group === '' ? version : `${group}/${version}`;
      const type = typeOfKind(gvk);
      fc.assert(fc.property(arbitrary(type, 5), (value) => {
        const object = { apiVersion, kind, ...(value as JsonObject) };
        conformToType(object, type);
        const back = codec.decode(codec.encode(object));
        if (!equalJson(withoutEmpty(back), withoutEmpty(object))) expect(back).toEqual(object);
      }), { numRuns: 3 });
    }
  });
});

/** The wire knows no empty lists and maps, and writes inlined structs always. */
function withoutEmpty(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).map(([name, each]) => [name, withoutEmpty(each)] as const)
    .filter(([, each]) => each !== null && !(Array.isArray(each) && each.length === 0) && !(isJsonObject(each) && Object.keys(each).length === 0));
  return Object.fromEntries(kept);
}

describe('frames and durations', () => {
  it('carry a watch event with its length in front', () => {
    const frame = frameWatchEvent('ADDED', Buffer.from('x'));
    expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
    expect(frame.subarray(4).toString('latin1')).toBe('\n\x05ADDED\x12\x03\n\x01x');
  });

  it.each([['1h0m0s', 3600e9], ['1.5s', 1.5e9], ['100ms', 1e8], ['-1m30s', -90e9], ['0s', 0], ['1µs', 1000], ['1h1m1.000000001s', 3661000000001]])('print %s as Go does', (text, nanos) => {
    expect(formatDuration(nanos)).toBe(text);
    expect(parseDuration(text)).toBe(nanos);
  });
});
