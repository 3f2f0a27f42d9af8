import fc from 'fast-check';
import { equalJson, type JsonObject, type JsonValue } from '../json';
import { typeOfKind } from '../testing/built-in-tables';
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch } from '.';

const document = (): JsonObject => ({ a: { b: [1, 2, { c: 'd' }] }, 'x/y': 1, 'm~n': 2 });

describe('JSON patch', () => {
  it.each<[JsonValue, JsonValue]>([
    [[{ op: 'add', path: '/a/b/1', value: 9 }], { a: { b: [1, 9, 2, { c: 'd' }] }, 'x/y': 1, 'm~n': 2 }],
    [[{ op: 'add', path: '/a/b/-', value: 9 }], { a: { b: [1, 2, { c: 'd' }, 9] }, 'x/y': 1, 'm~n': 2 }],
    [[{ op: 'remove', path: '/x~1y' }, { op: 'remove', path: '/m~0n' }], { a: { b: [1, 2, { c: 'd' }] } }],
    [[{ op: 'replace', path: '/a/b/2/c', value: null }], { a: { b: [1, 2, { c: null }] }, 'x/y': 1, 'm~n': 2 }],
    [[{ op: 'move', from: '/a/b', path: '/z' }], { a: {}, z: [1, 2, { c: 'd' }], 'x/y': 1, 'm~n': 2 }],
    [[{ op: 'copy', from: '/a/b/0', path: '/z' }, { op: 'test', path: '/z', value: 1 }], { ...document(), z: 1 }],
    [[{ op: 'replace', path: '/z', value: 3 }, { op: 'copy', from: '/none', path: '/a' }], { a: null, z: 3, 'x/y': 1, 'm~n': 2 }],
    [[{ op: 'remove', path: '/a/b/-1' }], { a: { b: [1, 2] }, 'x/y': 1, 'm~n': 2 }],
    [[{ op: 'test', path: '/none', value: null }], document()],
    [[{ op: 'add', path: '/z' }], { ...document(), z: null }],
    [null, document()],
    [[{ op: 'add', path: '/__proto__', value: { p: 1 } }, { op: 'remove', path: '/__proto__' }], document()],
  ])('%j', (patch, expected) => {
    const before = document();
    expect(applyJsonPatch(before, patch)).toEqual(expected);
    expect(before).toEqual(document());
  });

  it.each<[JsonObject]>([
    [{ op: 'remove', path: '/none' }],
    [{ op: 'replace', path: '/none/x', value: 1 }],
    [{ op: 'replace', path: '/a/b/9', value: 1 }],
    [{ op: 'copy', from: '/none/x', path: '/z' }],
    [{ op: 'move', from: '/none', path: '/z' }],
    [{ op: 'add', path: '/none/x', value: 1 }],
    [{ op: 'add', path: '/a/b/9', value: 1 }],
    [{ op: 'test', path: '/a', value: 1 }],
    [{ op: 'nope', path: '/a' }],
    [{ op: 'add', path: 'a', value: 1 }],
    [{ op: 'move', from: '/a', path: '/a/b' }],
    [{ op: 'add', path: '', value: 1 }],
    [{ op: 'remove', path: '/a/b/01' }],
    [{ op: 'remove', path: '/toString' }],
  ])('%j does not fit and is answered 422', (operation) => {
    expect(() => applyJsonPatch(document(), [operation])).toThrow(expect.objectContaining({ code: 422, message: 'the server rejected our request due to an error in our request' }) as Error);
  });

  it('is refused when it is none, is too long or doubles the document for ever', () => {
    expect(() => applyJsonPatch({}, {})).toThrow(expect.objectContaining({ code: 400 }) as Error);
    expect(() => applyJsonPatch({}, Array(10001).fill({ op: 'remove', path: '/a' }) as JsonValue)).toThrow(expect.objectContaining({ code: 413 }) as Error);
    expect(() => applyJsonPatch({ a: [1] }, Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '/a', path: `/a/${i % 1}` })))).toThrow(expect.objectContaining({ code: 422 }) as Error);
    expect(applyJsonPatch({ a: 2n ** 60n }, [{ op: 'copy', from: '/a', path: '/b' }])).toEqual({ a: 2n ** 60n, b: 2n ** 60n });
    const copies = (count: number): JsonValue => Array.from({ length: count }, (_, i) => ({ op: 'copy', from: '/text', path: `/text${i}` }));
    const text = 'x'.repeat(1024 * 1024 - 2);
    expect(Object.keys(applyJsonPatch({ text }, copies(3)))).toHaveLength(4);
    expect(() => applyJsonPatch({ text }, copies(4))).toThrow(expect.objectContaining({ code: 422 }) as Error);
  });
});

it.each<[type: string, apply: () => JsonObject, message: string]>([
  ['JSON patch', () => applyJsonPatch({}, {}), 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
  ['merge patch', () => applyMergePatch({}, [1]), 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ['strategic merge patch', () => applyStrategicMergePatch({}, 'x', typeOfKind('/v1/Pod')), 'json: cannot unmarshal string into Go value of type map[string]interface {}'],
])('what is no %s is refused in the words of its decoder', (_type, apply, message) => {
  expect(apply).toThrow(expect.objectContaining({ code: 400, message }) as Error);
});

it('a strategic merge patch of null changes nothing', () => {
  expect(applyStrategicMergePatch(document(), null, typeOfKind('/v1/Pod'))).toEqual(document());
});

describe('merge patch', () => {
  const json = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer()), fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('value'))),
  })).value;
  const object = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), json) as fc.Arbitrary<JsonObject>;

  it('merges objects, replaces lists and removes by null', () => {
    expect(applyMergePatch({ a: { b: 1, c: 2 }, l: [1, 2] }, { a: { b: null, d: { e: null, f: 1 } }, l: [3] })).toEqual({ a: { c: 2, d: { f: 1 } }, l: [3] });
    expect(() => applyMergePatch({}, [])).toThrow(expect.objectContaining({ code: 400 }) as Error);
  });

  it('changes nothing the second time, nor when empty', () => {
    fc.assert(fc.property(object, object, (base, patch) => {
      const once = applyMergePatch(base, patch);
      expect(equalJson(applyMergePatch(once, patch), once)).toBe(true);
      expect(equalJson(applyMergePatch(base, {}), base)).toBe(true);
    }));
  });
});

describe('strategic merge patch', () => {
  const pod = typeOfKind('/v1/Pod');
  const service = typeOfKind('/v1/Service');
  const deployment = typeOfKind('apps/v1/Deployment');
  const spec = (patch: JsonObject, original: JsonObject): JsonValue | undefined => applyStrategicMergePatch({ spec: original }, { spec: patch }, pod)['spec'];

  it('merges lists by their key and keeps what it does not name', () => {
    expect(spec({ containers: [{ name: 'b', image: '2' }, { name: 'c' }] }, { containers: [{ name: 'a' }, { name: 'b', image: '1', args: ['x'] }] })).toEqual({
      containers: [{ name: 'a' }, { name: 'b', image: '2', args: ['x'] }, { name: 'c' }],
    });
    expect(applyStrategicMergePatch({ spec: { ports: [{ port: 80, name: 'a' }, { port: 81 }] } }, { spec: { ports: [{ port: 81, name: 'b' }] } }, service)).toEqual({
      spec: { ports: [{ port: 80, name: 'a' }, { port: 81, name: 'b' }] },
    });
  });

  it('is done with long lists in the time that it takes to go through them', () => {
    const count = 10_000;
    const containers = (of: (name: string, i: number) => JsonObject | undefined): JsonValue => Array.from({ length: count }, (_, i) => of(`c${i}`, i)).filter((each) => each !== undefined);
    const merged = spec({ containers: containers((name, i) => (i % 2 === 0 ? { name, image: '2' } : { name, $patch: 'delete' })) }, { containers: containers((name) => ({ name, image: '1' })) });
    expect(merged).toEqual({ containers: containers((name, i) => (i % 2 === 0 ? { name, image: '2' } : undefined)) });
  });

  it('replaces lists without a strategy and merges primitive ones', () => {
    expect(spec({ tolerations: [{ key: 'b' }] }, { tolerations: [{ key: 'a' }] })).toEqual({ tolerations: [{ key: 'b' }] });
    expect(applyStrategicMergePatch({ metadata: { finalizers: ['a', 'b'] } }, { metadata: { finalizers: ['c', 'b'] } }, pod)).toEqual({ metadata: { finalizers: ['c', 'a', 'b'] } });
    expect(applyStrategicMergePatch({ metadata: { finalizers: ['a', 'b'] } }, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } }, pod)).toEqual({ metadata: { finalizers: ['b'] } });
  });

  it('obeys $patch', () => {
    const original = { containers: [{ name: 'a' }, { name: 'b' }], securityContext: { runAsUser: 1 } };
    expect(spec({ containers: [{ $patch: 'delete', name: 'a' }] }, original)).toMatchObject({ containers: [{ name: 'b' }] });
    expect(spec({ containers: [{ $patch: 'replace' }, { name: 'z' }] }, original)).toMatchObject({ containers: [{ name: 'z' }] });
    expect(spec({ securityContext: { $patch: 'replace', runAsGroup: 2 } }, original)).toMatchObject({ securityContext: { runAsGroup: 2 } });
    expect(spec({ securityContext: { $patch: 'delete' } }, original)).toMatchObject({ securityContext: {} });
    expect(spec({ initContainers: [{ $patch: 'delete', name: 'x' }, { name: 'y', image: null }] }, original)).toMatchObject({ initContainers: [{ name: 'y' }] });
    expect(() => spec({ securityContext: { $patch: 'no' } }, original)).toThrow('unknown patch type: no in map: map[$patch:no]');
    expect(() => spec({ containers: [{ image: 'x' }] }, original)).toThrow('map: map[image:x] does not contain declared merge key: name');
  });

  it('drops what $retainKeys does not name', () => {
    expect(spec({ volumes: [{ name: 'v', $retainKeys: ['name', 'emptyDir'], emptyDir: {} }] }, { volumes: [{ name: 'v', hostPath: { path: '/' } }] })).toEqual({ volumes: [{ name: 'v', emptyDir: {} }] });
    expect(
      applyStrategicMergePatch(
        { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
        { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
        deployment,
      ),
    ).toEqual({ spec: { strategy: { type: 'Recreate' } } });
    expect(() => spec({ volumes: [{ name: 'v', $retainKeys: ['name'], emptyDir: {} }] }, { volumes: [{ name: 'v' }] })).toThrow(expect.objectContaining({ code: 422 }) as Error);
  });

  it('orders by $setElementOrder as kubectl apply sends it', () => {
    expect(spec(
      { '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }], containers: [{ name: 'c', image: 'n' }] },
      { containers: [{ name: 'a' }, { name: 'server' }, { name: 'c' }] },
    )).toEqual({ containers: [{ name: 'server' }, { name: 'c', image: 'n' }, { name: 'a' }] });
    expect(spec({ '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }, { containers: [{ name: 'a' }, { name: 'b' }] })).toEqual({ containers: [{ name: 'b' }, { name: 'a' }] });
    expect(
      applyStrategicMergePatch(
        { metadata: { finalizers: ['a', 'b', 'c'] } },
        { metadata: { '$deleteFromPrimitiveList/finalizers': ['b'], '$setElementOrder/finalizers': ['c', 'a'] } },
        pod,
      ),
    ).toEqual({ metadata: { finalizers: ['c', 'a'] } });
    expect(() => spec({ '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'x' }] }, { containers: [] })).toThrow("doesn't match $setElementOrder list");
  });

  it('removes by null, and takes maps and unknown fields as they are', () => {
    expect(applyStrategicMergePatch({ metadata: { labels: { a: '1', b: '2' } } }, { metadata: { labels: { a: null, c: '3' } }, foo: [{ x: 1 }] }, pod)).toEqual({ metadata: { labels: { b: '2', c: '3' } }, foo: [{ x: 1 }] });
  });

  it('changes nothing the second time', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const containers = fc.uniqueArray(fc.record({ name, image: fc.constantFrom('1', '2') }), { selector: (each) => each.name, minLength: 1 });
    const labels = fc.dictionary(name, fc.constantFrom('1', '2'));
    const object = fc.record({ metadata: fc.record({ labels }), spec: fc.record({ containers }) }) as fc.Arbitrary<JsonObject>;
    fc.assert(fc.property(object, object, (base, patch) => {
      const once = applyStrategicMergePatch(base, patch, pod);
      expect(equalJson(applyStrategicMergePatch(once, patch, pod), once)).toBe(true);
      expect(applyStrategicMergePatch(base, {}, pod)).toEqual(base);
    }));
  });
});
