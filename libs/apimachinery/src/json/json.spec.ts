import fc from 'fast-check';
import { cloneJson, decodeJson, decodeObject, decodeYaml, DecodeError, enforceFieldValidation, equalJson, serializeUntyped, unrecognizedObject, type JsonObject, type JsonValue } from '.';
import { catalog, typeOfKind } from '../testing/built-in-tables';
import { parseExactJson } from './exact-json-parser';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const deployment = typeOfKind('apps/v1/Deployment');

describe('the JSON decoder', () => {
  it('reads what the native parser reads', () => {
    fc.assert(fc.property(fc.json(), fc.boolean(), (text, slow) => {
      const decoded = slow ? parseExactJson(text) : decodeJson(bytes(text));
      // Through text once more, for the native parser rounds what is exact here.
      expect(equalJson(JSON.parse(serializeUntyped(decoded.value)) as JsonValue, JSON.parse(text) as JsonValue)).toBe(true);
      expect(decoded.duplicates).toEqual([]);
    }));
  });

  it('reports keys that stand twice by their path, and the last one wins', () => {
    const { value, duplicates } = decodeJson(bytes('{"a":{"b":1,"b":2},"c":[{"d":1},{"d":1,"d":{"x":0}}],"a\\u0062":1}'));
    expect(duplicates).toEqual(['a.b', 'c[1].d']);
    expect(value).toEqual({ a: { b: 2 }, c: [{ d: 1 }, { d: { x: 0 } }], ab: 1 });
  });

  it('finds a duplicate hidden by an escape', () => {
    expect(decodeJson(bytes('{"ab":1,"a\\u0062":2}')).duplicates).toEqual(['ab']);
  });

  it('keeps whole numbers of 64 bits exact', () => {
    const { value } = decodeJson(bytes('{"a":9223372036854775807,"b":-9223372036854775808,"c":9007199254740991,"d":1e3,"e":123456789012345678901234567890}'));
    expect(value).toEqual({ a: 2n ** 63n - 1n, b: -(2n ** 63n), c: 9007199254740991, d: 1000, e: 1.2345678901234568e29 });
    expect(serializeUntyped(value)).toBe('{"a":9223372036854775807,"b":-9223372036854775808,"c":9007199254740991,"d":1000,"e":1.2345678901234568e+29}');
  });

  it.each(['{"__proto__":{"polluted":1},"a":1}', '{"__proto__":1,"__proto__":{"polluted":1},"a":12345678901234567}'])('treats __proto__ as data in %s', (text) => {
    const { value } = decodeJson(bytes(text));
    expect(Object.keys(value as JsonObject)).toEqual(['__proto__', 'a']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(serializeUntyped(cloneJson(value))).toContain('"__proto__":{"polluted":1}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['', 'unexpected end of JSON input'], ['{', 'unexpected end of JSON input'], ['{a', "invalid character 'a' looking for beginning of object key string"],
    ['{"a":}', "invalid character '}' looking for beginning of value"], ['{"a" 1}', "invalid character '1' after object key"], ['[1 2]', "invalid character '2' after array element"],
    ['{"a":1]', "invalid character ']' after object key:value pair"], ['{} x', "invalid character 'x' after top-level value"], ['"\n"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"], ['tru!', "invalid character '!' in literal true (expecting 'e')"], ['1.', 'unexpected end of JSON input'],
    ['-a', "invalid character 'a' in numeric literal"], ['[01]', "invalid character '1' after array element"], ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ["'", "invalid character '\\'' looking for beginning of value"],
  ])('refuses %j in Go\'s words', (text, message) => {
    expect(() => decodeJson(bytes(text))).toThrow(new DecodeError(message));
  });

  it('limits depth and size, and refuses broken UTF-8', () => {
    expect(() => decodeJson(bytes('['.repeat(100000)))).toThrow('exceeded max depth');
    expect(() => decodeJson(bytes('"aaaa"'), { maxBytes: 5 })).toThrow('Request entity too large: limit is 5');
    expect(() => decodeJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow('invalid UTF-8');
    expect(decodeJson(bytes(`{"a":"${'['.repeat(5000)}"}`)).duplicates).toEqual([]);
  });

  it('never fails on hostile bytes in any way but with a DecodeError', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '1', '-', '.', 'e', 't', 'true', 'null', '\\', 'u', ' ', 'a') }), (text) => {
      try {
        decodeJson(bytes(text));
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }), { numRuns: 500 });
  });
});

describe('the YAML door', () => {
  it('reads YAML 1.1 as JSON', () => {
    const { value } = decodeYaml(bytes('a: yes\nb: 0o17\nc: 9223372036854775807\nd: 2001-01-01\n1: x\n__proto__: {y: 1}\nbase: &b {k: v}\nmerged:\n  <<: *b\n---\nsecond: 1\n'));
    expect(JSON.parse(serializeUntyped(value))).toMatchObject({ a: true, d: '2001-01-01', 1: 'x', base: { k: 'v' }, merged: { k: 'v' } });
    expect((value as JsonObject)['c']).toBe(2n ** 63n - 1n);
    expect(Object.keys(value as JsonObject)).toContain('__proto__');
  });

  it('takes what begins like JSON and is only YAML, and names what is wrong with what is neither', () => {
    expect(decodeYaml(bytes('{"a": [1,], b: {c: d,},}')).value).toEqual({ a: [1], b: { c: 'd' } });
    expect(decodeYaml(bytes('{a: 1,\n a: 2}')).duplicates).toEqual(['line 2: key "a" already set in map']);
    expect(() => decodeYaml(bytes('{"a": 1'))).toThrow('unexpected end of JSON input');
    expect(() => decodeYaml(bytes(`{a: "${'x'.repeat(20_000)}"}`))).toThrow('invalid character');
  });

  it('takes JSON, reports duplicates, refuses nonsense and bombs', () => {
    expect(decodeYaml(bytes('  {"a":1,\n\t"a":2}'))).toEqual({ value: { a: 2 }, duplicates: ['line 2: key "a" already set in map'] });
    expect(decodeYaml(bytes('a: 1\nb:\n  1: 2\n  1: x\na:\n  c: 3\n')).duplicates).toEqual(['line 4: key 1 already set in map', 'line 6: key "a" already set in map']);
    expect(() => decodeYaml(bytes('a: [1\nb: }'))).toThrow(/^yaml: /);
    const bomb = 'a: &a [x,x,x,x,x,x,x,x,x]\n' + 'bcdefghi'.split('').map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'.charAt(i)}`).join(',')}]`).join('\n');
    expect(() => decodeYaml(bytes(bomb))).toThrow(/alias/i);
    expect(decodeYaml(bytes('')).value).toBeNull();
  });
});

describe('YAML that would use up the stack or the time of its reader', () => {
  it.each(['[', '[ ', '{', 'a: [', '- ', '? ', 'a: ', '{a: ', '[?'])('is refused where %j goes on without end', (text) => {
    for (const start of ['x:\n  ', 'x: ']) expect(() => decodeYaml(bytes(start + text.repeat(100000)))).toThrow('exceeded max depth');
  });

  it.each([
    ['brackets that end', `a: ${'['.repeat(400)}${']'.repeat(400)}`], ['indentation', Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['lists in the columns of their keys', `a:\n${Array.from({ length: 200 }, (_, i) => `${'  '.repeat(i)}- a:\n`).join('')}`],
  ])('is refused for the depth of %s', (_, text) => {
    expect(() => decodeYaml(bytes(text))).toThrow('exceeded max depth');
  });

  it('is refused for tags and anchors in a row', () => {
    expect(() => decodeYaml(bytes('!!x &a '.repeat(100000)))).toThrow('yaml: a node has too many tags and anchors');
  });

  it('is read where it is only long', () => {
    const items = Array.from({ length: 500 }, (_, i) => `- name: n${i}\n  args: [a, {b: [c]}]\n  text: |\n    ${'[{- '.repeat(100)}\n  quoted: "${'['.repeat(400)}" # ${'['.repeat(400)}\n`);
    const { value } = decodeYaml(bytes(`list:\n${items.join('')}keys: {${Array.from({ length: 500 }, (_, i) => `k${i}: &a${i} !!str v`).join(', ')}}\n`));
    expect((value as { list: unknown[] }).list).toHaveLength(500);
  });
});

describe('a typed body', () => {
  const decode = (text: string, type = deployment): ReturnType<typeof decodeObject> => decodeObject(bytes(text), type);

  it('reads nothing as an object that says nothing', () => {
    expect(decode('null').object).toEqual({});
    expect(decodeObject(bytes(''), deployment, 'yaml').object).toEqual({});
    expect(() => decode('')).toThrow('unexpected end of JSON input');
  });

  it('is reported upon in its own order, and what stands twice without being known is only unknown', () => {
    const { reports } = decode('{"metadata":{"name":"a","name":"b","x":1},"spec":{"u":{"a":1,"a":2},"u":1,"paused":true,"paused":false,"selector":{"matchLabels":{"a":"b","a":"c"}},"y":1}}');
    expect(reports).toEqual([
      'duplicate field "metadata.name"', 'unknown field "metadata.x"', 'unknown field "spec.u"', 'duplicate field "spec.paused"', 'duplicate field "spec.selector.matchLabels.a"', 'unknown field "spec.y"',
    ]);
  });

  it('is reported upon in the order of its keys when it is YAML, lines first, which a strict client gets as one error', () => {
    const { reports } = decodeObject(bytes('spec:\n  z: 1\n  x: 1\n  paused: true\n  paused: false\nb: 1\na: 1\nb: 2\n'), deployment, 'yaml');
    expect(reports).toEqual(['line 5: key "paused" already set in map', 'line 8: key "b" already set in map', ...['a', 'b', 'spec.x', 'spec.z'].map((path) => `unknown field "${path}"`)]);
    expect(() => enforceFieldValidation('Strict', reports.slice(0, 3), { version: 'v1', kind: 'Deployment' }, 'Deployment'))
      .toThrow('strict decoding error: yaml: unmarshal errors:\n  line 5: key "paused" already set in map\n  line 8: key "b" already set in map, unknown field "a"');
  });

  it.each([
    ['{"spec":{"replicas":"3"}}', 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'],
    ['{"spec":{"replicas":3000000000}}', 'json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32'],
    ['{"spec":{"replicas":1.5}}', 'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32'],
    ['{"metadata":{"labels":{"a":1}}}', 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string'],
    ['{"spec":{"template":{"spec":{"containers":[{"env":[{"value":1}]}]}}}}', 'json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string'],
    ['{"spec":{"template":{"spec":{"containers":{}}}}}', 'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container'],
    ['{"spec":{"template":{"spec":{"restartPolicy":true}}}}', 'json: cannot unmarshal bool into Go struct field PodSpec.spec.template.spec.restartPolicy of type v1.RestartPolicy'],
    ['{"metadata":{"creationTimestamp":1}}', 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string'],
    ['{"metadata":{"creationTimestamp":"x"}}', 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
    ['{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"1x"}}}]}}}}', "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    ['{"spec":{"strategy":{"rollingUpdate":{"maxSurge":true}}}}', 'json: cannot unmarshal bool into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32'],
    ['[]', 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ])('%s is refused', (text, message) => {
    expect(() => decode(text)).toThrow(new DecodeError(message));
  });

  it('loses unknown fields, and says which', () => {
    const { object, reports } = decode('{"spec":{"replicas":1,"replicas":2,"foo":1,"template":{"spec":{"containers":[{"name":"a","imagee":"x"}]}}},"Kind":"x"}');
    expect(reports).toEqual(['duplicate field "spec.replicas"', 'unknown field "spec.foo"', 'unknown field "spec.template.spec.containers[0].imagee"', 'unknown field "Kind"']);
    expect(object).toEqual({ spec: { replicas: 2, template: { spec: { containers: [{ name: 'a' }] } } } });
  });

  it('is what Go would write back', () => {
    const { object } = decode(JSON.stringify({
      metadata: { creationTimestamp: null, name: '', labels: {}, annotations: { a: null }, deletionTimestamp: '2023-01-01T01:00:00.5+01:00' },
      spec: { replicas: 0, paused: false, minReadySeconds: 0, template: { spec: { hostNetwork: false, automountServiceAccountToken: false, containers: [], nodeSelector: {}, volumes: [{ name: 'v', emptyDir: {} }],
        initContainers: [{ name: 'i', resources: { requests: { cpu: 1, memory: ' 1Gi ' } } }], securityContext: {} } } },
    }));
    expect(object).toEqual({
      metadata: { annotations: { a: '' }, deletionTimestamp: '2023-01-01T00:00:00Z' },
      spec: { replicas: 0, template: { spec: { containers: [], automountServiceAccountToken: false, volumes: [{ name: 'v', emptyDir: {} }],
        initContainers: [{ name: 'i', resources: { requests: { cpu: '1', memory: '1Gi' } } }], securityContext: {} } } },
    });
  });

  it('may be of any built-in kind: every type of the tables compiles', () => {
    for (const id of Object.keys(catalogIds())) expect(catalog.typeOf(id)).toBeDefined();
  });
});

function catalogIds(): Record<string, unknown> {
  return (catalog as unknown as { tables: { schema: { definitions: Record<string, unknown> } } }).tables.schema.definitions;
}

describe('field validation', () => {
  const body = { version: 'v1', kind: 'Deployment' };
  const reports = ['unknown field "spec.foo"', 'duplicate field "spec.bar"'];

  it('refuses, warns or is silent as asked', () => {
    expect(() => enforceFieldValidation('Strict', reports, body, 'Deployment')).toThrow(
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.foo", duplicate field "spec.bar"',
    );
    expect(enforceFieldValidation('Warn', reports, body, 'Deployment')).toEqual(reports);
    expect(enforceFieldValidation('Ignore', reports, body, 'Deployment')).toEqual([]);
  });

  it('shows what it could not recognise', () => {
    expect(unrecognizedObject('Pod', 'why', bytes('{"a":1}')).message).toBe('the object provided is unrecognized (must be of type Pod): why ({"a":1})');
    expect(unrecognizedObject('Pod', 'why', bytes('x'.repeat(31))).message).toBe(`the object provided is unrecognized (must be of type Pod): why (${'78'.repeat(30)} ...)`);
    expect(unrecognizedObject('Pod', 'why', bytes('')).message).toContain('(<empty>)');
  });
});
