import { variables } from './declarations';
import { compile } from '../program';
import type { OpenApiSchema } from '../schema/open-api-schema';
import { typeOfSchema } from '../schema/schema-type';
import { types } from '../types/cel-type';

const text = (maxLength?: number): OpenApiSchema => ({ type: 'string', ...(maxLength === undefined ? {} : { maxLength }) });
const of = (format: string): OpenApiSchema => ({ type: 'string', format });
const list = (items: OpenApiSchema, maxItems?: number): OpenApiSchema => ({ type: 'array', items, ...(maxItems === undefined ? {} : { maxItems }) });
const map = (values: OpenApiSchema, maxProperties?: number): OpenApiSchema => ({ type: 'object', additionalProperties: values, ...(maxProperties === undefined ? {} : { maxProperties }) });
const object = (properties: Readonly<Record<string, OpenApiSchema>>, ...required: string[]): OpenApiSchema => ({ type: 'object', properties, required });
const number: OpenApiSchema = { type: 'number' };
const boolean: OpenApiSchema = { type: 'boolean' };
const intOrString: OpenApiSchema = { 'x-kubernetes-int-or-string': true };
const named = object({ required: text(), optional: text() }, 'required');
const tag = (bound?: number): OpenApiSchema => object({ str: text(bound), before: text(2), after: text(4) });

const costOf = (rule: string, schema: OpenApiSchema, isResource = false): number => {
  const self = typeOfSchema(schema, 'selfType', isResource) ?? types.dyn;
  return compile(rule, { declarations: variables({ self, oldSelf: self }) }).estimate(self).max;
};

/** What apiextensions' own tests (pkg/apiserver/schema/cel/compilation_test.go) say that rules cost. */
describe('the estimated cost of a rule is upstream\'s', () => {
  it.each<readonly [rule: string, schema: OpenApiSchema, cost: number]>([
    ['self.all(x, true)', list(number), 4_718_591], ['self.all(x, true)', list(number, 10), 32], ['self.all(x, true)', list(text()), 3_145_727], ['self.all(x, true)', list(boolean), 1_887_437],
    ['self.all(x, true)', list(list(number)), 3_145_727], ['self.all(x, true)', list(named), 555_128], ['self.all(x, true)', list(intOrString), 4_718_591],
    ['self.all(x, true)', list(of('duration')), 2_359_295], ['self.all(x, true)', list(of('date')), 725_936], ['self.all(x, true)', list(of('date-time')), 428_963],
    ['self.all(x, true)', map(number), 1_348_169], ['self.all(x, true)', map(text()), 1_179_647], ['self.all(x, true)', map(text(), 3), 11], ['self.all(x, true)', map(boolean), 943_718],
    ['self.all(x, true)', map(intOrString), 1_348_169], ['self.all(x, true)', map(named), 428_963], ['self.all(x, true)', map(map(number)), 1_179_647], ['self.all(x, true)', map(list(number)), 1_179_647],
    ['self.all(x, true)', map(of('duration')), 1_048_577], ['self.all(x, true)', map(of('date')), 524_288], ['self.all(x, true)', map(of('date-time')), 349_526],
    ['self.all(x, self.all(y, true))', list(number, 10), 352], ['self.all(x, self.all(y, self.all(z, true)))', list(number, 10), 3_552],
    ['self.all(x, x == 0.0)', list(number), 6_291_454], ['self.all(x, x.y == 25.2)', list(map(number)), 6_291_452],
    ['self.all(x, x["y"].required == "z")', list(map(named)), 7_340_027], ['self.all(x, x["y"].required == "z")', list(map(named, 10), 10), 72],
    ['self.all(x, x.contains(self[x]))', map(text()), 2_752_507], ['self.all(x, x.contains(self[x]))', map(text(10), 10), 72],
    ['self[1] == 0.0', list(number), 2], ['self[1] == self[1]', list(text()), 314_577], ['self[0] == 5', list(intOrString), 3], ['self[0] == false', list(boolean), 2], ['self[0] == null', list(named), 2],
    ['self[0][0] == -1.0', list(list(number)), 3], ['self[0].x > 2.0', list(map(number)), 4], ['self["x"] == 0.0', map(number), 2],
    ['self[0].getHours() == 2', list(of('duration')), 4], ['self[2].getDayOfMonth() == 13', list(of('date')), 4], ['self[2].getMinutes() == 45', list(of('date-time')), 4],
    ['self.contains("test")', text(), 314_574], ['self.contains("test")', text(10), 5], ['self.startsWith("test")', text(), 2], ['self.endsWith("test")', text(), 2],
    ['size(self + "hello") > size("hello")', text(), 314_578], ['size(self + "hello") > size("hello")', text(4), 7],
    ['self.matches("x")', text(), 314_574], ['self.matches("x")', text(50), 22], ['"".matches("(((((((((())))))))))[0-9]")', text(), 7], ['self.matches("")', text(), 1],
    ['self == "x"', text(), 2], ['self == "x"', text(0), 1], ['self == b"x"', of('byte'), 2],
    ['self.find("[0-9]+") == ""', text(), 629_147], ['self.find("[0-9]+") == ""', text(10), 11], ['self.lowerAscii() == "lower!"', text(), 314_575], ['self.lowerAscii() == "lower!"', text(10), 6],
    ['self.join(" ") == "aa bb"', list(text()), 329_853_068_905], ['self.join(" ") == "aa bb"', list(text(10), 10), 43], ['self.isSorted() == true', list(text()), 329_854_432_052], ['self.isSorted() == true', list(text(10), 10), 52],
    ['self.str.replace(self.before, self.after) == "does not matter"', tag(), 629_154], ['self.str.replace(self.before, self.after) == "does not matter"', tag(4), 12],
    ['self.str.split(self.separator) == []', object({ str: text(), separator: text() }), 629_160], ['self.str.split(self.separator) == []', object({ str: text(10), separator: text(10) }), 22],
    ['oldSelf.size() == self.size()', map({ type: 'integer' }), 5], ['self["a"] == self["b"]', map(of('date-time')), 8], ['self["c"] == self["d"]', map(of('duration')), 8],
    ['self.contains("A")', { type: 'string', enum: ['A', 'B', 'C', 'LongValue'] }, 2], ['self.contains("A")', { type: 'string', enum: ['A', 'LongValue'], maxLength: 1_000 }, 401],
    ['type(self.p) == int', object({ p: intOrString }), 4], ['type(self.p) == string && self.p == "5%"', object({ p: intOrString }), 7],
    ['isQuantity(self)', intOrString, 314_574], ['isQuantity(self)', { ...intOrString, maxLength: 20 }, 9],
  ])('%s of %j: %d', (rule, schema, cost) => expect(costOf(rule, schema)).toBe(cost));

  it('takes elements of what is in no schema to be as large as the whole', () => {
    expect(costOf('self.split("@")[1].matches("^sha256:[a-f0-9]{64}$")', text(447))).toBe(1 + 358 + 1 + 179 * 6);
    expect(costOf('self.split(",").all(x, x.contains("ab"))', text(10))).toBe(1 + 8 + 1 + 40 * (3 + 1 + 4));
  });

  it('knows variables that stand before others of their name', () => {
    expect(costOf('self.all(x, x.all(x, x.matches("a")))', list(list(text(10), 2), 2))).toBe(costOf('self.all(x, x.all(y, y.matches("a")))', list(list(text(10), 2), 2)));
    expect(costOf('self.split(",").all(x, x.split("").all(x, x == "a"))', text(10))).toBe(costOf('self.split(",").all(x, x.split("").all(y, y == "a"))', text(10)));
  });

  it('lets has() cost nothing of its own, and fields of every object have a size', () => {
    expect(costOf('has(self.a) && has(self.b)', object({ a: text(), b: number }))).toBe(2);
    expect(costOf('self.metadata.name.matches("^[a-z]+$")', object({ spec: named }), true)).toBe(3 + 314_573 * 2);
  });

  // What these stand for is told by the macros of cel-go: parser/macro.go, ext/comprehensions.go.
  it.each<readonly [rule: string, cost: number]>([
    ['self.exists(x, true)', 42], ['self.exists_one(x, true)', 23], ['self.filter(x, true).size() > 0', 144], ['self.map(x, x).size() > 0', 144], ['self.map(x, true, x).size() > 0', 144],
    ['self.all(i, x, i < 3)', 52], ['self.transformList(i, x, x).size() > 0', 144], ['self.transformMap(i, x, x).size() > 0', 74],
    ['optional.of(1).optMap(x, x + 1).hasValue()', 18], ['self.distinct().size() > 0', 214], ['sets.contains(self, [1.0])', 22],
  ])('%s of ten numbers: %d', (rule, cost) => expect(costOf(rule, list(number, 10))).toBe(cost));
});
