import type { FieldError, FieldType, JsonObject, JsonValue, StructType } from '@navarch/apimachinery';
import { FieldPath } from '@navarch/apimachinery';
import type { Schema } from '.';
import { ruleTree } from './rules/rule-tree';
import { validateRules } from './rules/validate-rules';
import { validateSchema } from './schema/structural';
import { applyDefaults, dropStrayNulls } from './value/defaulting';
import { finalizerWarnings } from './value/finalizer-warnings';
import { parseJsonPath } from './value/json-path';
import { validateListTypes } from './value/lists';
import { prune } from './value/pruning';
import { validateScale } from './value/scale';
import { validateValue } from './value/validate-value';

const object = (properties: Record<string, Schema>, more: Partial<Schema> = {}): Schema => ({ type: 'object', properties, ...more });
const spec = (properties: Record<string, Schema>, more: Partial<Schema> = {}): Schema => object({ spec: object(properties, more) });
const words: Schema = { type: 'string' };
const messages = (errors: readonly FieldError[]): string[] => errors.map(({ message }) => message);

describe('values of custom resources', () => {
  it.each<[Schema, JsonValue, string[]]>([
    [{ type: 'integer' }, 'x', ['spec.v: Invalid value: "string": spec.v in body must be of type integer: "string"']],
    [{ type: 'string' }, null, ['spec.v: Invalid value: "null": spec.v in body must be of type string: "null"']],
    [{ type: 'string', nullable: true }, null, []],
    [{ type: 'integer', minimum: 1, maximum: 5 }, 0, ['spec.v: Invalid value: 0: spec.v in body should be greater than or equal to 1']],
    [{ type: 'number', maximum: 5, exclusiveMaximum: true }, 5, ['spec.v: Invalid value: 5: spec.v in body should be less than 5']],
    [{ type: 'integer', multipleOf: 3 }, 4, ['spec.v: Invalid value: 4: spec.v in body should be a multiple of 3']],
    [{ type: 'string', pattern: '^[a-z]+$' }, 'A', ['spec.v: Invalid value: "A": spec.v in body should match \'^[a-z]+$\'']],
    [{ type: 'string', maxLength: 2 }, 'abc', ['spec.v: Too long: may not be more than 2 bytes']],
    [{ type: 'string', minLength: 2 }, 'a', ['spec.v: Invalid value: "a": spec.v in body should be at least 2 chars long']],
    [{ type: 'string', enum: ['a', 'b'] }, 'c', ['spec.v: Unsupported value: "c": supported values: "a", "b"']],
    [{ type: 'string', format: 'date-time' }, 'today', ['spec.v: Invalid value: "today": spec.v in body must be of type date-time: "today"']],
    [{ type: 'string', format: 'unheard-of' }, 'x', []],
    [{ type: 'array', maxItems: 1, items: { type: 'string' } }, ['a', 'b'], ['spec.v: Too many: 2: must have at most 1 item']],
    [{ type: 'array', items: object({ n: { type: 'string' } }, { required: ['n'] }) }, [{}], ['spec.v[0].n: Required value']],
    [{ 'x-kubernetes-int-or-string': true }, true, ['spec.v: Invalid value: "boolean": spec.v in body must be of type integer,string: "boolean"']],
    [{ type: 'object', additionalProperties: { type: 'integer' } }, { a: 'x' }, ['spec.v.a: Invalid value: "string": spec.v.a in body must be of type integer: "string"']],
    [{ type: 'integer', oneOf: [{ minimum: 5 }, { maximum: 1 }] }, 3, ['<nil>: Invalid value: "": "spec.v" must validate one and only one schema (oneOf). Found none valid', 'spec.v: Invalid value: 3: spec.v in body should be greater than or equal to 5']],
    [{ type: 'integer', not: { minimum: 5 } }, 6, ['<nil>: Invalid value: "": "spec.v" must not validate the schema (not)']],
    [{ type: 'string', enum: ['a'] }, 5, ['spec.v: Invalid value: "integer": spec.v in body must be of type string: "integer"', 'spec.v: Unsupported value: 5: supported values: "a"']],
    [{ type: 'integer', format: 'int32' }, 2147483648, ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.v']],
    [{ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }, true, [
      'spec.v: Invalid value: "boolean": spec.v in body must be of type integer,string: "boolean"', '<nil>: Invalid value: "": "spec.v" must validate at least one schema (anyOf)', 'spec.v: Invalid value: "boolean": spec.v in body must be of type integer: "boolean"']],
    [{ type: 'object', anyOf: [object({ a: { type: 'string' } }, { required: ['x', 'y'] }), object({ a: object({ b: { type: 'string' } }) }, { required: ['x', 'y', 'z'] })] }, { a: { b: 1 } }, [
      '<nil>: Invalid value: "": "spec.v" must validate at least one schema (anyOf)', 'spec.v.x: Required value', 'spec.v.y: Required value', 'spec.v.z: Required value', 'spec.v.a.b: Invalid value: "integer": spec.v.a.b in body must be of type string: "integer"']],
  ])('of %j: %j gives %j', (schema, value, expected) => {
    expect(messages(validateValue({ spec: { v: value } }, spec({ v: schema })))).toEqual(expected);
  });

  it('that an update leaves as they were are let be', () => {
    const schema = spec({ old: { type: 'integer' }, list: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: object({ k: { type: 'string' }, v: { type: 'string', maxLength: 1 } }) } });
    const before = { spec: { old: 'text', list: [{ k: 'a', v: 'long' }] } };
    const after = { spec: { old: 'text', list: [{ k: 'b', v: 'also long' }, { k: 'a', v: 'long' }] } };
    expect(messages(validateValue(after, schema, '', before))).toEqual(['spec.list[0].v: Too long: may not be more than 1 byte']);
  });

  it.each<[JsonObject, boolean, string[]]>([
    [{}, false, []],
    [{ spec: null, status: {} }, false, []],
    [{ spec: { replicas: 3 }, status: { replicas: 0, selector: 'a=b' } }, false, []],
    [{ spec: { replicas: -1 }, status: { replicas: -2 } }, false, ['.spec.replicas: Invalid value: -1: should be a non-negative integer', '.status.replicas: Invalid value: -2: should be a non-negative integer']],
    [{ spec: { replicas: -1 }, status: { replicas: 2147483648 } }, true, ['.status.replicas: Invalid value: 2147483648: should be less than or equal to 2147483647']],
    [{ spec: { replicas: '1' } }, false, ['.spec.replicas: Invalid value: 0: .spec.replicas accessor error: 1 is of the type string, expected int64']],
    [{ spec: { replicas: 1.5 } }, false, ['.spec.replicas: Invalid value: 0: .spec.replicas accessor error: 1.5 is of the type float64, expected int64']],
    [{ spec: { replicas: null } }, false, ['.spec.replicas: Invalid value: 0: .spec.replicas accessor error: <nil> is of the type <nil>, expected int64']],
    [{ spec: [1, true] }, false, ['.spec.replicas: Invalid value: 0: .spec.replicas accessor error: [1 true] is of the type []interface {}, expected map[string]interface{}']],
    [{ status: { selector: { b: 1, a: 'x' } } }, true, ['.status.selector: Invalid value: "": .status.selector accessor error: map[a:x b:1] is of the type map[string]interface {}, expected string']],
  ])('can be scaled by what is in them: %j (status alone: %s) gives %j', (value, statusOnly, expected) => {
    expect(messages(validateScale(value, { specReplicas: ['spec', 'replicas'], statusReplicas: ['status', 'replicas'], labelSelector: ['status', 'selector'] }, statusOnly))).toEqual(expected);
  });

  it('should have finalizers that nobody else has: of those that are new', () => {
    const text = (name: string, how: string): string => `metadata.finalizers: "${name}": prefer a domain-qualified finalizer name${how} to avoid accidental conflicts with other finalizer writers`;
    expect(finalizerWarnings(['short', 'example.com/full', 'orphan', 'kept', 'example.com'], ['kept'])).toEqual([text('example.com', ' including a path (/)'), text('short', '')]);
    expect(finalizerWarnings()).toEqual([]);
  });

  it('may not stand twice in sets and keyed lists', () => {
    const schema = spec({
      set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
      map: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: object({ k: { type: 'string' } }) },
    });
    expect(messages(validateListTypes({ spec: { set: ['a', 'b', 'a', 'a'], map: [{ k: 'x', v: 1 }, { k: 'x' }] } }, schema))).toEqual(['spec.set[2]: Duplicate value: "a"', 'spec.map[1]: Duplicate value: {"k":"x"}']);
    const twice = { spec: { set: ['a', 'b', 'b'], map: [{ k: 'x' }] } };
    expect(messages(validateListTypes(twice, schema, { spec: { set: ['a', 'b'], map: [{ k: 'x' }] } }))).toEqual(['spec.set[2]: Duplicate value: "b"']);
    expect(validateListTypes(twice, schema, { spec: { map: [{ k: 'x' }, { k: 'x' }] } })).toEqual([]);
  });

  it('are defaulted, also in lists and maps, and lose nulls that mean nothing', () => {
    const schema = spec({
      a: { type: 'string', default: 'x' },
      nested: object({ b: { type: 'integer', default: 1 } }, { default: {} }),
      list: { type: 'array', items: object({ c: { type: 'boolean', default: true } }) },
      gone: { type: 'string' },
    });
    const value: JsonObject = { spec: { a: null, list: [{}], gone: null } };
    applyDefaults(value, schema);
    dropStrayNulls(value, schema);
    expect(value).toEqual({ spec: { a: 'x', nested: { b: 1 }, list: [{ c: true }] } });
  });

  it('lose what nobody declared', () => {
    const schema = spec({ known: { type: 'string' }, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { tight: object({}) } }, pod: { type: 'object', 'x-kubernetes-embedded-resource': true } });
    const value: JsonObject = { apiVersion: 'a', metadata: { x: 1 }, extra: 1, spec: { known: 'y', unknown: 2, free: { any: 1, tight: { z: 1 } }, pod: { kind: 'Pod', apiVersion: 'v1', spec: {} } } };
    expect(prune(value, schema)).toEqual(['extra', 'spec.free.tight.z', 'spec.pod.spec', 'spec.unknown']);
    expect(value).toEqual({ apiVersion: 'a', metadata: { x: 1 }, spec: { known: 'y', free: { any: 1, tight: {} }, pod: { kind: 'Pod', apiVersion: 'v1' } } });
  });

  it('keep lists whole where anything goes, and names that nothing is said of without what is in them', () => {
    const schema = spec({ any: { 'x-kubernetes-preserve-unknown-fields': true }, named: { type: 'object', additionalProperties: true } });
    const value: JsonObject = { spec: { any: [{ a: [{ b: 1 }] }, 2], named: { a: 1, b: { c: 2 } } } };
    expect(prune(value, schema)).toEqual(['spec.named.b.c']);
    expect(value).toEqual({ spec: { any: [{ a: [{ b: 1 }] }, 2], named: { a: 1, b: {} } } });
  });

  it('lose what ObjectMeta does not name in the metadata of those inside, whatever the schema leaves open', () => {
    const schema = spec({ pod: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true } });
    const text: FieldType = {
      name: 'name',
      type: { kind: 'scalar', scalar: 'string', goType: 'string' },
      required: false,
      explicit: false,
      always: false,
      zero: undefined,
      patchStrategy: [],
      patchMergeKey: undefined,
      keyDefault: undefined,
    };
    const struct = (...fields: FieldType[]): StructType => ({ kind: 'struct', id: '', goName: '', goType: '', atomic: false, open: false, fields: new Map(fields.map((field) => [field.name, field])) });
    const owners: FieldType = { ...text, name: 'ownerReferences', type: { kind: 'list', items: struct(text), goType: '', listType: 'map', keys: [] } };
    const value: JsonObject = { metadata: { x: 1 }, spec: { pod: { kind: 'Pod', any: 1, metadata: { name: 'a', x: 1, ownerReferences: [{ name: 'b', y: 2 }] } } } };
    expect(prune(value, schema, { objectMeta: struct(text, owners) })).toEqual(['spec.pod.metadata.ownerReferences[0].y', 'spec.pod.metadata.x']);
    expect(value).toEqual({ metadata: { x: 1 }, spec: { pod: { kind: 'Pod', any: 1, metadata: { name: 'a', ownerReferences: [{ name: 'b' }] } } } });
  });

  it.each<[string, JsonValue[]]>([
    ['.a.b', [1]], ['.list[0].n', ['x']], ['.list[-1].n', ['y']], ['.list[*].n', ['x', 'y']], ['.list[?(@.n=="y")].v', [2]], [`.a['dotted.key']`, ['d']], ['.a.dotted\\.key', ['d']], ['..n', ['x', 'y']], ['.none.at.all', []], ['.list[0:1].v', [1]],
  ])('are found at %s: %j', (path, expected) => {
    expect(parseJsonPath(path)({ a: { b: 1, 'dotted.key': 'd' }, list: [{ n: 'x', v: 1 }, { n: 'y', v: 2 }] })).toEqual(expected);
  });
});

describe('rules of custom resources', () => {
  const failing = (rules: Schema['x-kubernetes-validations'], value: JsonObject, old?: JsonObject): string[] => {
    const schema = spec({ min: { type: 'integer' }, max: { type: 'integer' }, name: { type: 'string' } }, { 'x-kubernetes-validations': rules ?? [] });
    const tree = ruleTree(schema, true);
    return tree ? messages(validateRules({ spec: value }, tree, old && { spec: old })) : ['no rules'];
  };

  it.each<[NonNullable<Schema['x-kubernetes-validations']>[number], JsonObject, JsonObject | undefined, string[]]>([
    [{ rule: 'self.min <= self.max' }, { min: 1, max: 2 }, undefined, []],
    [{ rule: 'self.min <= self.max' }, { min: 3, max: 2 }, undefined, ['spec: Invalid value: failed rule: self.min <= self.max']],
    [{ rule: 'self.min <= self.max', message: 'too small', fieldPath: '.max', reason: 'FieldValueForbidden' }, { min: 3, max: 2 }, undefined, ['spec.max: Forbidden: too small']],
    [{ rule: 'self.min <= self.max', messageExpression: '"max must be at least " + string(self.min)' }, { min: 3, max: 2 }, undefined, ['spec: Invalid value: max must be at least 3']],
    [{ rule: 'self.min > 0' }, { max: 2 }, undefined, ['spec: Invalid value: "object": no such key: min evaluating rule: self.min > 0']],
    [{ rule: 'self.name == oldSelf.name', message: 'immutable' }, { name: 'a' }, undefined, []],
    [{ rule: 'self.name == oldSelf.name', message: 'immutable' }, { name: 'a' }, { name: 'b' }, ['spec: Invalid value: immutable']],
    [{ rule: 'oldSelf.hasValue() || self.name == "new"', optionalOldSelf: true }, { name: 'a' }, undefined, ['spec: Invalid value: failed rule: oldSelf.hasValue() || self.name == "new"']],
    [{ rule: 'self.min <= self.max' }, { min: 3, max: 2 }, { min: 3, max: 2 }, []],
  ])('%j of %j after %j: %j', (rule, value, old, expected) => {
    expect(failing([rule], value, old)).toEqual(expected);
  });

  /** What is refused, and what the client is warned of. */
  const update = (schema: Schema, value: JsonObject, old: JsonObject): { refused: string[]; warned: string[] } => {
    const tree = ruleTree(schema, true);
    if (!tree) throw new Error('no rules');
    const warned: string[] = [];
    return { refused: messages(validateRules(value, tree, old, (text) => warned.push(text))), warned };
  };
  const even = { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self % 2 == 0', message: 'odd' }] } as const satisfies Schema;

  it('let be what an update leaves as it was, and warn of it', () => {
    const schema = spec({ a: even, b: even });
    expect(update(schema, { spec: { a: 1, b: 2 } }, { spec: { a: 1, b: 4 } })).toEqual({ refused: [], warned: ['spec.a: Invalid value: 1: odd'] });
    expect(update(schema, { spec: { a: 1, b: 3 } }, { spec: { a: 1, b: 4 } })).toEqual({ refused: ['spec.b: Invalid value: 3: odd'], warned: ['spec.a: Invalid value: 1: odd'] });
  });

  it('let be the items of a list without keys only while the whole list stays as it was', () => {
    const schema = spec({ list: { type: 'array', items: even }, other: { type: 'string' } });
    expect(update(schema, { spec: { list: [1], other: 'new' } }, { spec: { list: [1] } })).toEqual({ refused: [], warned: ['spec.list[0]: Invalid value: 1: odd'] });
    expect(update(schema, { spec: { list: [1, 2] } }, { spec: { list: [1] } })).toEqual({ refused: ['spec.list[0]: Invalid value: 1: odd'], warned: [] });
  });

  it('name the values of maps by their keys', () => {
    const schema = spec({ map: { type: 'object', additionalProperties: object({ n: even }) } });
    expect(update(schema, { spec: { map: { 'a.b': { n: 1 } } } }, { spec: {} })).toEqual({ refused: ['spec.map[a.b].n: Invalid value: 1: odd'], warned: [] });
  });

  it('that are about the change itself, or cannot be evaluated, refuse what stays as it was', () => {
    const schema = spec({ a: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > oldSelf', message: 'must grow' }] }, b: { type: 'integer', 'x-kubernetes-validations': [{ rule: '1 / self > 0' }] } });
    expect(update(schema, { spec: { a: 1, b: 0 } }, { spec: { a: 1, b: 0 } })).toEqual({
      refused: ['spec.a: Invalid value: 1: must grow', 'spec.b: Invalid value: "integer": division by zero evaluating rule: 1 / self > 0'], warned: [],
    });
  });
});

describe('schemas of custom resources', () => {
  it.each<[Schema, string[]]>([
    [spec({ a: {} }), ['s.properties[spec].properties[a].type: Required value: must not be empty for specified object fields']],
    [spec({ a: { type: 'text' } }), ['s.properties[spec].properties[a].type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"']],
    [spec({ a: { type: 'array', items: {} } }), ['s.properties[spec].properties[a].items.type: Required value: must not be empty for specified array items']],
    [spec({ a: { type: 'string', default: 1 } }), ['s.properties[spec].properties[a].default: Invalid value: "integer":  in body must be of type string: "integer"']],
    [spec({ a: object({}, { default: { b: 1 } }) }), ['s.properties[spec].properties[a].default: Invalid value: {"b":1}: must not have unknown fields']],
    [object({ apiVersion: words, kind: words, spec: object({ a: words }) }, { default: { apiVersion: 'example.com/v1', kind: 'Thing', spec: { a: 'x' } } }), []],
    [object({ spec: object({ a: words }) }, { default: {} }), ['s.default.apiVersion: Required value', 's.default.kind: Required value']],
    [object({ spec: object({ a: words }) }, { default: { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a/b' }, spec: { a: 1, b: 2 } } }), [
      's.default: Invalid value: {"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"a/b"},"spec":{"a":1,"b":2}}: must not have unknown fields',
      's.default.metadata.name: Invalid value: "a/b": may not contain \'/\'',
    ]],
    [spec({ a: object({ b: words }, { required: ['b'], default: {} }) }), ['s.properties[spec].properties[a].default.b: Required value']],
    [object({ metadata: object({ name: { ...words, default: 'x' } }), kind: { ...words, default: 'Thing' } }), ['s.properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata', 's.properties[kind].default: Forbidden: must not be set in top-level kind']],
    [spec({ pod: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { metadata: object({ labels: { type: 'object', additionalProperties: { ...words, default: 'x' } } }) } } }), ['s.properties[spec].properties[pod].properties[metadata].properties[labels].additionalProperties.default: Forbidden: must not be set inside additionalProperties applying to object metadata']],
    [spec({ a: { type: 'string', anyOf: [{ type: 'string' }] } }), ['s.properties[spec].properties[a].anyOf[0].type: Forbidden: must be empty to be structural']],
    [spec({ a: { type: 'array', items: { type: 'string' }, uniqueItems: true } }), ['s.properties[spec].properties[a].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic']],
    [spec({ a: { type: 'array', 'x-kubernetes-list-type': 'map', items: object({ k: { type: 'string' } }) } }), ['s.properties[spec].properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map']],
    [spec({ a: { type: 'string', pattern: '(' } }), ['s.properties[spec].properties[a].pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`']],
    [spec({}, { 'x-kubernetes-validations': [{ rule: 'self.nope' }] }), ['s.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self.nope","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:5: undefined field \'nope\'\n | self.nope\n | ....^']],
    [spec({}, { 'x-kubernetes-validations': [{ rule: '1 + 1' }] }), ['s.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"1 + 1","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: cel expression must evaluate to a bool']],
    [spec({ l: { type: 'array', items: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] }, maxItems: 2 } }), ['s.properties[spec].properties[l].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within s.properties[spec].properties[l]']],
  ])('%j: %j', (schema, expected) => {
    expect(messages(validateSchema(schema, FieldPath.of('s')))).toEqual(expected);
  });

  const text: Schema = { type: 'string' };
  const at = 's.properties[spec].properties[a]';
  const rules = (rule: object): Partial<Schema> => ({ 'x-kubernetes-validations': [rule] });
  const ruleAt = 's.properties[spec].x-kubernetes-validations[0]';
  const keyed = (items: Schema, ...keys: string[]): Schema => spec({ a: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys, items } });

  const pod = (properties: Record<string, Schema>, more: Partial<Schema> = {}): Schema => object(properties, { 'x-kubernetes-embedded-resource': true, ...more });

  // As upstream's validation.go has them in 1.36.
  it.each<[Schema, string[]]>([
    [spec({ a: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'array', items: text } } }), []],
    [spec({ a: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'array', 'x-kubernetes-list-type': 'set', items: text } } }), [`${at}.items.x-kubernetes-list-type: Invalid value: "set": must be atomic as item of a list with x-kubernetes-list-type=set`]],
    [spec({ a: { type: 'array', 'x-kubernetes-list-type': 'set', items: object({}) } }), [`${at}.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set`]],
    [spec({ a: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string', nullable: true } } }), [`${at}.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is set`]],
    [spec({ a: { type: 'array', 'x-kubernetes-list-map-keys': ['k'], items: text } }), [`${at}.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty`]],
    [keyed(object({ k: text }), 'k'), [`${at}.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`]],
    [keyed(object({ k: text }, { required: ['k'] }), 'k', 'k'), [`${at}.x-kubernetes-list-map-keys: Invalid value: ["k","k"]: must not contain duplicate entries`]],
    [keyed(object({}), 'k'), [`${at}.x-kubernetes-list-map-keys: Invalid value: ["k"]: entries must all be names of item properties`]],
    [spec({ a: { type: 'array', 'x-kubernetes-preserve-unknown-fields': true } }), [`${at}.items: Required value: must be specified`]],
    [spec({ a: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] } }), []],
    [spec({ a: { 'x-kubernetes-int-or-string': true, allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: '^a' }] } }), []],
    [spec({ a: { 'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true } }), [`${at}.x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true`]],
    [spec({ a: { type: 'object', properties: { b: text }, additionalProperties: true } }), []],
    [spec({ a: { type: 'object', properties: { b: text }, additionalProperties: text } }), [`${at}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`]],
    [{ type: 'object', additionalProperties: text }, ['s.additionalProperties: Forbidden: must not be used at the root']],
    [object({ kind: { type: 'integer' }, metadata: { type: 'object', description: 'mine' } }), ['s.properties[kind].type: Invalid value: "integer": must be string', 's.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified']],
    [spec({ a: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { metadata: object({ labels: { type: 'object', additionalProperties: text } }) } } }), []],
    [spec({ a: { type: 'object', not: { nullable: true, properties: { metadata: {} } } } }), [`${at}.not.nullable: Forbidden: must be false to be structural`, `${at}.not.properties[metadata]: Forbidden: must not be specified in a nested context`, `${at}.properties[metadata]: Required value: because it is defined in ${at}.not.properties[metadata]`]],
    [spec({ a: text }, rules({ rule: 'true', messageExpression: ' ' })), [`${ruleAt}.messageExpression: Required value: messageExpression must be non-empty if specified`]],
    [spec({ a: text }, rules({ rule: 'true', fieldPath: '.b' })), [`${ruleAt}.fieldPath: Invalid value: ".b": must be a valid path`]],
    [spec({ a: text, 'b.c': object({ d: text }) }, rules({ rule: 'true', fieldPath: `['b.c'].d` })), []],
    [spec({ a: object({ b: { type: 'string', ...rules({ rule: 'self == oldSelf' }) } }, { 'x-kubernetes-map-type': 'atomic' }) }), []],
    [spec({ a: text }, rules({ message: 'nothing to hold to' })), [`${ruleAt}.rule: Required value: rule is not specified`]],
    [spec({ a: { type: 'string', default: 'b', ...rules({ rule: 'self == "a"' }) } }), [`${at}.default: Invalid value: "b": failed rule: self == "a"`]],
    [spec({ a: pod({ metadata: object({ name: { type: 'string', default: 'a/b' } }), kind: { type: 'string', default: 'Thing' } }) }), [`${at}.properties[metadata].properties[name].default: Invalid value: "a/b": must result in valid metadata: metadata.name: Invalid value: "a/b": may not contain '/'`]],
    [spec({ a: pod({ metadata: object({ labels: { type: 'object', default: { x: 1 } } }, { default: { name: 'a', labels: { x: 'y' } } }) }) }), [`${at}.properties[metadata].properties[labels].default: Invalid value: {"x":1}: must result in valid metadata: metadata: Invalid value: {"labels":{"x":1}}: labels is of another type than metadata's`]],
    [spec({ a: pod({ kind: text }, { default: { kind: 1 } }) }), [`${at}.default.kind: Invalid value: 1: must be a string`]],
    [spec({ a: pod({ metadata: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true } }) }), [`${at}.properties[metadata].x-kubernetes-embedded-resource: Forbidden: must not be used inside of resource meta`]],
    // What says no type has none in CEL, nor have lists of it.
    [spec({ a: { 'x-kubernetes-preserve-unknown-fields': true, ...rules({ rule: 'true' }) }, l: { type: 'array', items: { 'x-kubernetes-preserve-unknown-fields': true }, ...rules({ rule: 'true' }) } }), [at, 's.properties[spec].properties[l]'].map((place) => `${place}.x-kubernetes-validations: Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations`)],
    [spec({ a: { 'x-kubernetes-int-or-string': true, ...rules({ rule: 'self == 1' }) }, l: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, ...rules({ rule: 'true' }) } }), []],
    // What is wrong with a rule is told when the schema below it is in order.
    [spec({ a: { type: 'odd' } }, rules({ rule: 'self.nope' })), [`${at}.type: Unsupported value: "odd": supported values: "array", "boolean", "integer", "number", "object", "string"`]],
    [spec({ l: { type: 'array', items: { type: 'string', ...rules({ rule: 'true', messageExpression: 'self.replace("a", "b")' }) } } }), []],
  ])('%j: %j', (schema, expected) => expect(messages(validateSchema(schema, FieldPath.of('s')))).toEqual(expected));

  it('say nothing beside properties where a status is written apart', () => {
    expect(messages(validateSchema({ ...spec({}), anyOf: [{ required: ['spec'] }] }, FieldPath.of('s'), true))[0]).toMatch(
      /^s: Invalid value: \{.*\}: only \[Description Type .* XValidations\] fields are allowed at the root of the schema if the status subresource is enabled$/,
    );
    expect(validateSchema({ ...spec({}), description: 'fine', required: ['spec'] }, FieldPath.of('s'), true)).toEqual([]);
  });

  it('may compare the type of a value that has several, as upstream shows it in its guide', () => {
    const intOrString: Schema = { 'x-kubernetes-int-or-string': true };
    const wide = spec(
      { a: intOrString, l: { type: 'array', items: { type: 'object', properties: { port: intOrString, namespace: text } } } },
      rules({ rule: 'type(self.a) == int ? self.a > 0 : type(self.a) == string && self.l.all(e, e.namespace != "")', message: 'm' }),
    );
    expect(messages(validateSchema({ ...wide, properties: { spec: { ...wide.properties!['spec']!, properties: { ...wide.properties!['spec']!.properties, l: { ...wide.properties!['spec']!.properties!['l']!, maxItems: 9 } } } } }, FieldPath.of('s')))).toEqual([]);
  });

  it('may not have rules that could cost too much', () => {
    const joined = Array.from({ length: 9 }, (_, i) => `self[${i}]`).join(' + ');
    const narrowly = spec({ l: { type: 'array', items: { type: 'string' }, 'x-kubernetes-validations': [{ rule: 'true', messageExpression: joined }] } });
    expect(messages(validateSchema(narrowly, FieldPath.of('s')))[0]).toMatch(/estimated messageExpression cost exceeds budget by factor of 1\.384122x \(/);
    const costly = spec({ l: { type: 'array', items: { type: 'string' } } }, { 'x-kubernetes-validations': [{ rule: 'self.l.all(a, self.l.exists(b, a.contains(b)))' }] });
    expect(messages(validateSchema(costly, FieldPath.of('s')))[0]).toBe(
      's.properties[spec].x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)',
    );
  });
});
