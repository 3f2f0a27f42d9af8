import { celEnv, parse as theirParse, plan as theirPlan, isCelError } from '@bufbuild/cel';
import { compile, CompileError, CostExceeded, EvalError, fromJson, type OpenApiSchema, toJson, types, typeOfSchema, variables } from '.';

const dyn = variables({ x: types.dyn, y: types.dyn, self: types.dyn });

const valueOf = (source: string, values: Record<string, unknown> = {}): unknown => {
  const program = compile(source, { declarations: dyn });
  return toJson(program.evaluate((name) => (name in values ? fromJson(values[name]) : undefined)).value);
};

const failure = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof CompileError || error instanceof EvalError) return error.message;
    throw error;
  }
  return '';
};

describe('expressions', () => {
  it.each([
    ['1 + 2 * 3 - -4', 11], ['7 / 2', 3], ['-7 % 3', -1], ['1.5 + 1.0', 2.5], ['"a" + r"\\b" + \'\\u00e9\'', 'a\\bé'], ['size(b"\\xff\\x00")', 2], ['[1, 2] + [3]', [1, 2, 3]],
    ['{"a": 1}.a', 1], ['{"a": {"b": [1, 2]}}["a"].b[1]', 2], ['1 < 2.5 && 2u >= 1', true], ['x == 1.0', true], ['true || 1/0 == 1', true], ['1/0 == 1 || true', true], ['false && x.missing', false],
    ['x > 0 ? "yes" : "no"', 'yes'], ['2 in [1, 2]', true], ['"k" in {"k": 1}', true], ['has(y.a)', true], ['has(y.b)', false], ['y.a.`with-dash`', 'quoted'], ['type(1) == int && type(x) == int', true],
    ['[1, 2, 3].all(i, i > 0)', true], ['[0, 1].exists(i, 1 / i == 1)', true], ['[1, 2, 1].exists_one(i, i == 2)', true], ['[1, 2, 3].filter(i, i != 2).map(i, i * 10)', [10, 30]], ['[1, 2, 3].map(i, i > 1, i * 2)', [4, 6]],
    ['{"a": 1, "b": 2}.map(k, k)', ['a', 'b']], ['[5, 6].all(i, v, v == i + 5)', true], ['[5, 6].transformList(i, v, i == 1, v)', [6]], ['{"a": 1}.transformMap(k, v, v + 1)', { a: 2 }], ['["p"].transformMapEntry(i, v, {v: i})', { p: 0 }],
    ['y.?a.?`with-dash`.orValue("none")', 'quoted'], ['y.?b.?c.orValue("none")', 'none'], ['[1][?3].hasValue()', false], ['optional.of(2).optMap(v, v * 2).value()', 4], ['[?optional.none(), 1]', [1]], ['{?"a": optional.of(1), ?"b": optional.none()}', { a: 1 }],
    ['"tacocat".substring(4)', 'cat'], ['"a,b,c".split(",", 2)', ['a', 'b,c']], ['["a", "b"].join("-")', 'a-b'], ['"hello".indexOf("l") + "hello".lastIndexOf("l")', 5], ['"aaa".replace("a", "b", 2)', 'bba'], ['" x ".trim().upperAscii()', 'X'],
    ['"%s has %d of %.2f and %x".format(["a", 2, 1.5, 255])', 'a has 2 of 1.50 and ff'], ['strings.quote("a\\n")', '"a\\n"'],
    ['"abc-123".find("[0-9]+")', '123'], ['"1 22 333".findAll("[0-9]+", 2)', ['1', '22']], ['"foobar".matches("^foo")', true],
    ['[3, 1, 2].max() + [3, 1].min() + [1, 2].sum()', 7], ['[1, 2, 2].isSorted()', true], ['["a", "b"].indexOf("b")', 1], ['sets.equivalent([1, 2], [2, 1, 1])', true], ['[1, [2]].size()', undefined],
    ['url("https://example.com:80/a?b=c&b=d").getHost()', 'example.com:80'], ['url("https://example.com:80/a?b=c&b=d").getQuery()["b"]', ['c', 'd']], ['isURL("no url")', false], ['isURL("http://:3128") && url("http://:3128").getHostname() == "" && url("http://:3128").getPort() == "3128"', true], ['isURL("https://a b.com") || isURL("https://\\na.com") || isURL("http://a/%zz")', false],
    ['url("https://user:pw@[::1]:80/a/../b?c#d").getEscapedPath()', '/a/../b'], ['url("/only/a path").getEscapedPath()', '/only/a%20path'],
    ['quantity("1.5Gi").isGreaterThan(quantity("1G"))', true], ['quantity("1k").asInteger()', 1000], ['quantity("1.5") == quantity("1500m")', true], ['isQuantity("1x")', false],
    ['ip("::ffff").family()', 6], ['isIP("1.2.3.04")', false], ['cidr("10.0.0.0/8").containsIP("10.1.2.3")', true], ['cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16")', true], ['string(cidr("10.1.2.3/8").masked())', '10.0.0.0/8'], ['ip.isCanonical("2001:db8::1")', true],
    ['format.dns1123Label().validate("Bad").hasValue()', true], ['format.named("uuid").hasValue()', true], ['semver("1.2.3-rc.1").isLessThan(semver("1.2.3"))', true], ['semver("v1.2", true).minor()', 2],
    ['[1, 2][dyn(1u)] + [1, 2][dyn(1.0)] + [5][?dyn(0u)].value()', 9], ['{1: "one"}[dyn(1u)] + {1u: "one"}[dyn(1.0)]', 'oneone'], ['{1152921504606846976: "large"}[dyn(1152921504606846976.0)]', 'large'],
    ['null in {null: 1} && !(dyn(null) in {"a": 1}) && size({dyn(null): 1, dyn("a"): 2}) == 2', true], ['{"a": 1, "a": 2}.a', 2], ['has(x.a)', false], ['double("NaN") == 1.0', false],
    // Compared as doubles, neighbours above 2^53 are the same, as ints they are not.
    ['9007199254740993 == 9007199254740992.0 && 9007199254740993 <= 9007199254740992.0 && 9007199254740993u == 9007199254740992.0', true], ['9007199254740993 == 9007199254740992 || 9007199254740993u > 9007199254740993', false],
    ['isQuantity(" 1") || isQuantity("1 ")', false],
    ['[3, 1, 2].sortBy(i, -i)', [3, 2, 1]], ['[{"n": "b"}, {"n": "a"}].sortBy(i, i.n).map(i, i.n)', ['a', 'b']], ['[].sortBy(i, i)', []],
    ['url("https://a.example/p?q=1#part").getQuery()', { q: ['1'] }], ['isURL("mailto:somebody") && url("mailto:somebody").getEscapedPath() == ""', true], ['url("file:/etc/a").getEscapedPath()', '/etc/a'], ['isURL("http://a#b")', false],
    ['string(timestamp("9999-12-31T23:59:59+01:00") + duration("1h"))', '10000-01-01T00:59:59+01:00'], ['string(timestamp("2026-01-02T03:04:05.5-01:30") + duration("1s"))', '2026-01-02T03:04:06.5-01:30'], ['optional.ofNonZeroValue(timestamp("0001-01-01T00:00:00Z")).hasValue()', false], ['"%e".format([1500.0])', '1.500000×10⁰³'],
    ['timestamp("2026-01-02T03:04:05Z").getFullYear()', 2026], ['timestamp("0099-01-02T03:04:05Z").getFullYear()', 99], ['string(1000000.0) + string(123456.0) + string(0.00001)', '1e+061234561e-05'],
    ['"%.0f %.0f %.1f %d".format([2.5, 3.5, 0.25, double("NaN")])', '2 4 0.2 NaN'], ['"\\u0085\\u1680text\\ufeff".trim() == "text\\ufeff"', true], ['type(ip("::1")) == net.IP && type(cidr("::/0")) == net.CIDR', true], ['duration("90m") > duration("1h")', true], ['string(timestamp("2026-01-02T03:04:05.5Z") + duration("1s"))', '2026-01-02T03:04:06.5Z'], ['jsonpatch.escapeKey("a/b~c")', 'a~1b~0c'], ['int("42") + int(2.9)', 44],
  ])('%s is %j', (source, expected) => {
    const work = (): unknown => valueOf(source, { x: 1, y: { a: { 'with-dash': 'quoted' } } });
    if (expected === undefined) expect(work).toThrow(CompileError);
    else expect(work()).toEqual(expected);
  });

  it.each([
    ['1 / 0', 'division by zero'], ['9223372036854775807 + 1', 'integer overflow'], ['y.b', 'no such key: b'], ['[1][5]', 'index out of bounds: 5'], ['x.a == 1', 'no such key: a'], ['y.a + 1', 'no such overload'],
    ['[1, 2][dyn(1.5)]', 'unsupported index value 1.5 in list'], ['[1, 2][dyn("0")]', "unsupported index type 'string' in list"], ['[1, 2][dyn(true)]', "unsupported index type 'bool' in list"], ['[1, 2][dyn(18446744073709551615u)]', 'unsupported index value 18446744073709551615 in list'],
    ['[1, 2][dyn(2u)]', 'index out of bounds: 2'], ['{"a": 1}[dyn(null)]', 'invalid qualifier type: types.Null'], ['[1][?dyn("x")].hasValue()', "unsupported index type 'string' in list"], ['double("NaN") < 1.0', 'NaN values cannot be ordered'], ['1 > double("NaN")', 'NaN values cannot be ordered'],
    ['quantity(" 1")', "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    ['timestamp("0000-01-01" + "T00:00:00Z")', 'timestamp overflow'], ['timestamp("9999-12-31T23:59:59Z") + duration("1s")', 'timestamp overflow'], ['timestamp(0 + 253402300800)', 'timestamp overflow'],
    ['duration("320000000000" + "s")', 'time: invalid duration "320000000000s"'], ['duration("9223372036s") + duration("1s")', 'duration overflow'], ['int(-9223372036854775808.0)', 'integer overflow'], ['uint(-0.5)', 'unsigned integer overflow'],
    ['ip("::ffff:1.2.3.4")', 'IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed'],
    ['"a".matches("" + "(")', 'error parsing regexp: missing closing ): `(`'],
    ['[1, 2].slice(1, 0)', 'cannot slice(1, 0), start index must be less than or equal to end index'], ['[1].slice(-1, 9)', 'cannot slice(-1, 9), negative indexes not supported'], ['[[1]].flatten(-1)', 'level must be non-negative'],
    ['[1, 2].sortBy(i, i == 1 ? dyn("a") : dyn(1))', 'list elements must have the same type'], ['"a".find("(")', 'error parsing regexp: missing closing ): `(`'],
  ])('%s fails: %s', (source, message) => {
    expect(failure(() => valueOf(source, { x: 1, y: { a: 'text' } }))).toBe(message);
  });

  it('reads lists and maps of a schema by their own kind of key alone', () => {
    const schema: OpenApiSchema = { type: 'object', properties: { list: { type: 'array', items: { type: 'integer' } }, map: { type: 'object', additionalProperties: { type: 'integer' } } } };
    const self = fromJson({ list: [7], map: { a: 1 } }, schema);
    const evaluated = (source: string): unknown => toJson(compile(source, { declarations: dyn }).evaluate((name) => (name === 'self' ? self : undefined)).value);
    expect(evaluated('self.list[dyn(0)]')).toBe(7);
    expect(failure(() => evaluated('self.list[dyn(0u)]'))).toBe('unsupported index: 0');
    expect(failure(() => evaluated('self.map[dyn(1)]'))).toBe('no such overload');
  });

  it('does not begin what can never be evaluated', () => {
    expect(failure(() => compile('{null: 1}[null] == 1', { declarations: dyn }))).toBe('invalid qualifier type: types.Null');
  });

  it.each([
    ['self.foo', 'ERROR: <input>:1:5: undefined field \'foo\'\n | self.foo\n | ....^'],
    ['nope', 'ERROR: <input>:1:1: undeclared reference to \'nope\' (in container \'\')\n | nope\n | ^'],
    ['self.size + "a"', 'ERROR: <input>:1:11: found no matching overload for \'_+_\' applied to \'(int, string)\'\n | self.size + "a"\n | ..........^'],
    ['self.name.nope()', 'ERROR: <input>:1:15: undeclared reference to \'nope\' (in container \'\')\n | self.name.nope()\n | ..............^'],
    ['self.name.contains(1)', 'ERROR: <input>:1:19: found no matching overload for \'contains\' applied to \'string.(int)\'\n | self.name.contains(1)\n | ..................^'],
    ['[1, "a"]', 'ERROR: <input>:1:5: expected type \'int\' but found \'string\'\n | [1, "a"]\n | ....^'],
    ['self.name.matches("[")', 'ERROR: <input>:1:19: invalid matches argument\n | self.name.matches("[")\n | ..................^'],
    ['duration("1d") > duration("1h")', 'ERROR: <input>:1:10: invalid duration argument\n | duration("1d") > duration("1h")\n | .........^'],
    ['timestamp("2026-13-01T00:00:00Z") > self.when', 'ERROR: <input>:1:11: invalid timestamp argument\n | timestamp("2026-13-01T00:00:00Z") > self.when\n | ..........^'],
    ['self.tags.sortBy(t, [t]) == []', 'ERROR: <input>:1:17: found no matching overload for \'@sortByAssociatedKeys\' applied to \'list(string).(list(list(string)))\'\n | self.tags.sortBy(t, [t]) == []\n | ................^'],
    ['self.size >', 'ERROR: <input>:1:12: Syntax error: mismatched input \'<EOF>\' expecting {\'[\', \'{\', \'(\', \'.\', \'-\', \'!\', \'true\', \'false\', \'null\', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | self.size >\n | ...........^'],
  ])('%s does not compile', (source, message) => {
    const self = typeOfSchema(schema) ?? types.dyn;
    expect(failure(() => compile(source, { declarations: variables({ self }) }))).toBe(message);
  });

  it.each(['1 + 2 * 3 == 7', '[1, 2, 3].filter(i, i > 1).size()', '"abc".startsWith("a") ? 1 : 2', '{"a": [1, 2]}.a[1] + 3', '"x" in ["x"] || false', 'size("héllo")', '"a" < "b" && !(1.0 > 2.0)', '[[1], [2]].exists(l, l[0] == 2)'])(
    'agree with another implementation on %s', (source) => {
      const theirs = theirPlan(celEnv(), theirParse(source))();
      expect(isCelError(theirs)).toBe(false);
      expect(valueOf(source)).toEqual(typeof theirs === 'bigint' ? Number(theirs) : theirs);
    },
  );
});

const schema: OpenApiSchema = {
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 10 }, size: { type: 'integer' }, tags: { type: 'array', maxItems: 10, 'x-kubernetes-list-type': 'set', items: { type: 'string', maxLength: 5 } },
    namespace: { type: 'string' }, 'a.b-c': { type: 'number' }, any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, port: { 'x-kubernetes-int-or-string': true },
    when: { type: 'string', format: 'date-time' }, list: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    pod: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { kind: { type: 'string' }, apiVersion: { type: 'string' }, metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' }, namespace: { type: 'string' } } } } }, labels: { type: 'object', maxProperties: 3, additionalProperties: { type: 'string' } },
  },
};

describe('values of a schema', () => {
  const self = typeOfSchema(schema) ?? types.dyn;
  const rule = (source: string, value: unknown): unknown => compile(source, { declarations: variables({ self }), results: ['bool'] }).evaluate(() => fromJson(value, schema)).value;

  it.each([
    ['self.__namespace__ == "x" && self.a__dot__b__dash__c == 2.0', { namespace: 'x', 'a.b-c': 2 }], ['self.tags == ["b", "a"]', { tags: ['a', 'b'] }], ['(self.tags + ["a", "c"]).size() == 3', { tags: ['a', 'b'] }],
    ['self.port == 80 || self.port == "http"', { port: 80 }], ['self.when < timestamp("2026-01-01T00:00:00Z")', { when: '2025-01-01T00:00:00Z' }], ['self.labels.all(k, self.labels[k] == k)', { labels: { a: 'a' } }],
    ['!has(self.any) && has(self.name)', { name: '' }], ['!has(self.name) && self.?name == optional.none()', { name: null }], ['self.namespace == "x" && has(self.namespace)', { namespace: 'x' }],
    ['self.list[0] == self.list[1] && self.list[0] != self.list[2]', { list: [{ a: 1 }, { a: 1 }, { a: 2 }] }], ['self.pod.metadata.namespace == "n"', { pod: { metadata: { namespace: 'n' } } }], ['self.name.size() == 0', { name: '' }],
  ])('%s holds for %j', (source, value) => {
    expect(rule(source, value)).toBe(true);
  });

  it('are bounded by their schema, and so is what an expression costs', () => {
    const cost = (source: string): number => compile(source, { declarations: variables({ self }) }).estimate().max;
    expect(cost('self.size > 1')).toBeLessThan(10);
    expect(cost('self.tags.all(t, t.matches("^[a-z]+$"))')).toBeLessThan(1000);
  });

  it('stop when they have cost too much', () => {
    const program = compile('self.all(a, self.all(b, self.all(c, a + b + c >= 0)))', { declarations: variables({ self: types.list(types.int) }) });
    const many = Array.from({ length: 200 }, () => 1);
    expect(() => program.evaluate(() => fromJson(many))).toThrow(CostExceeded);
    expect(() => program.evaluate(() => fromJson([1, 1]), 10)).toThrow('operation cancelled: actual cost limit exceeded');
    expect(program.evaluate(() => fromJson([1, 1])).cost).toBeGreaterThan(40);
  });
});
