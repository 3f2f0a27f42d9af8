import fc from 'fast-check';
import { equalJson, type JsonObject, type JsonValue } from '../json';
import { applyJsonPatch } from '.';

const key = fc.constantFrom('a', 'b', 'c', 'x/y', 'm~n', '__proto__', 'constructor');
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.constantFrom<JsonValue>(null, 0, 'text', true), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(key, tie('value'), { maxKeys: 3 })),
}));
const object = fc.dictionary(key, value, { maxKeys: 4 }) as fc.Arbitrary<JsonObject>;
const escaped = (steps: readonly string[]): string => steps.map((step) => `/${step.replace(/~/g, '~0').replace(/\//g, '~1')}`).join('');
const pointer = fc.oneof(
  { weight: 8, arbitrary: fc.array(fc.oneof(key, fc.constantFrom('0', '1', '-', '-1', '-9', '01', '')), { maxLength: 4 }).map(escaped) },
  fc.string({ maxLength: 6 }),
);
const operation = fc.oneof(
  { weight: 9, arbitrary: fc.record({ op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'), path: pointer, from: pointer, value }, { requiredKeys: ['op', 'path'] }) },
  value,
) as fc.Arbitrary<JsonValue>;

describe('a JSON patch of whatever form', () => {
  it('is taken, or refused by a status of upstream, and leaves document and patch alone', () => {
    fc.assert(fc.property(object, fc.oneof(fc.array(operation, { maxLength: 6 }), value), (document, patch) => {
      const before = structuredClone({ document, patch });
      try {
        applyJsonPatch(document, patch);
      } catch (error) {
        expect([400, 422]).toContain((error as { code?: number }).code);
      }
      expect({ document, patch }).toEqual(before);
      expect(({} as Record<string, unknown>)['a']).toBeUndefined();
    }), { numRuns: 2000 });
  });

  it('that makes one object of another by its members does just that', () => {
    fc.assert(fc.property(object, object, (from, to) => {
      const patch: JsonValue[] = [
        ...Object.keys(from).filter((name) => !Object.hasOwn(to, name)).map((name) => ({ op: 'remove', path: escaped([name]) })),
        ...Object.entries(to).map(([name, item]) => ({ op: Object.hasOwn(from, name) ? 'replace' : 'add', path: escaped([name]), value: item })),
        ...Object.entries(to).map(([name, item]) => ({ op: 'test', path: escaped([name]), value: item })),
      ];
      expect(equalJson(applyJsonPatch(from, patch), to)).toBe(true);
    }), { numRuns: 500 });
  });

  it('moves there and back again', () => {
    fc.assert(fc.property(object, key, (document, name) => {
      fc.pre(Object.hasOwn(document, name));
      const path = escaped([name]);
      expect(equalJson(applyJsonPatch(document, [{ op: 'move', from: path, path: '/elsewhere' }, { op: 'move', from: '/elsewhere', path }]), document)).toBe(true);
      expect(equalJson(applyJsonPatch(document, [{ op: 'copy', from: path, path: '/elsewhere' }, { op: 'remove', path: '/elsewhere' }]), document)).toBe(true);
    }));
  });
});
