import type { FieldError, JsonObject, StructType } from '@navarch/apimachinery';
import { columnsOf, type CustomResourceDefinition, CustomVersion, publishedSchemas, type Schema, settleStatus, validateDefinition } from '..';

const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });
const noMeta = { kind: 'struct', goType: 'ObjectMeta', fields: new Map() } as unknown as StructType;
const messages = (errors: readonly FieldError[]): string[] => errors.map(({ message }) => message);

describe('definitions', () => {
  const definition = (name: string, names: Partial<CustomResourceDefinition['spec']['names']> = {}): CustomResourceDefinition => ({
    metadata: { name: `${name}.example.com`, generation: 1 },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: name, kind: 'Widget', singular: 'widget', listKind: 'WidgetList', ...names },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });

  it('may hold values to the largest numbers, and have defaults that no double holds', () => {
    const [most, big] = [9223372036854775807n, 9007199254740993n] as unknown as number[];
    const root = object({
      all: { type: 'array', maxItems: most!, items: { type: 'string' } },
      list: { type: 'array', maxItems: 3, items: { type: 'string', maxLength: most! }, 'x-kubernetes-validations': [{ rule: "self.all(x, x != 'a')" }] },
      n: { type: 'integer', default: big!, enum: [big!], maximum: most!, multipleOf: 1 },
    });
    const widgets = definition('widgets');
    const [version] = widgets.spec.versions;
    Object.assign(version!.schema!, { openAPIV3Schema: root });
    expect(messages(validateDefinition(widgets))).toEqual([]);
    const custom = new CustomVersion(widgets, version!, noMeta);
    const made = { list: ['b'] } as JsonObject;
    custom.applyDefaults(made);
    expect(made['n']).toBe(big);
    expect(messages(custom.validate(made))).toEqual([]);
    expect(messages(custom.validate({ list: ['a'], n: 9007199254740992 }))).toHaveLength(2);
  });

  it('hold an update to what they say of its version and kind, though these are as they were', () => {
    const [version] = definition('widgets').spec.versions;
    Object.assign(version!.schema!, { openAPIV3Schema: object({ apiVersion: { type: 'string', pattern: '^nope$' }, kind: { type: 'string', maxLength: 1 }, spec: object({ kind: { type: 'string', maxLength: 1 }, n: { type: 'integer' } }) }) });
    const custom = new CustomVersion(definition('widgets'), version!, noMeta);
    const of = (n: number): JsonObject => ({ apiVersion: 'example.com/v1', kind: 'Widget', spec: { kind: 'long', n } });
    expect(messages(custom.validate(of(2), of(1)))).toEqual(["apiVersion: Invalid value: \"example.com/v1\": apiVersion in body should match '^nope$'", 'kind: Too long: may not be more than 1 byte']);
    expect(custom.validate(of(1), of(1))).toEqual([]);
  });

  it('get their names, or are told who has them', () => {
    const first = settleStatus(definition('widgets'), [], '2026-01-01T00:00:00Z');
    expect(first.status?.conditions).toMatchObject([{ type: 'NamesAccepted', status: 'True', reason: 'NoConflicts' }, { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' }]);
    expect(settleStatus(first, [first], '2026-01-01T00:00:01Z')).toBe(first);
    const second = settleStatus(definition('gadgets'), [first], '2026-01-01T00:00:00Z');
    expect(second.status).toMatchObject({
      acceptedNames: { plural: 'gadgets', kind: '' },
      conditions: [{ type: 'NamesAccepted', status: 'False', reason: 'ListKindConflict', message: '"WidgetList" is already in use' }, { type: 'Established', status: 'False', reason: 'NotAccepted' }],
    });
  });

  it('say what columns their objects have', () => {
    const [version] = definition('widgets').spec.versions;
    const printer = columnsOf({ ...version!, additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }, { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' }] });
    expect(printer.columns.map(({ name }) => name)).toEqual(['Name', 'Size', 'Ready']);
    expect(printer.cells({ metadata: { name: 'w' }, spec: { size: 3 }, status: { conditions: [{ type: 'Ready', status: 'True' }] } } as never)).toEqual(['w', 3, 'True']);
    expect(printer.cells({ metadata: { name: 'w' } })).toEqual(['w', null, null]);
    expect(printer.columns[1]?.description).toBe('Custom resource definition column (in JSONPath format): .spec.size');
    const odd = columnsOf({
      ...version!,
      additionalPrinterColumns: [
        { name: 'Big', type: 'string', jsonPath: '.spec.big' },
        { name: 'Since', type: 'date', jsonPath: '.spec.since' },
        { name: 'Odd', type: 'string', jsonPath: '.spec[a-b]' },
        { name: 'After', type: 'string', jsonPath: '.spec.big' },
      ],
    });
    expect(odd.columns.map(({ name }) => name)).toEqual(['Name', 'Big', 'Since']);
    const cells = (spec: object): unknown[] => odd.cells({ metadata: { name: 'w' }, spec } as never).slice(1);
    expect(cells({ big: { n: 9007199254740993n }, since: 'yesterday' })).toEqual(['{"n":9007199254740993}', '<invalid>']);
    expect(cells({ since: 7 })).toEqual([null, null]);
    expect(cells({ since: '' })).toEqual([null, { age: '' }]);
  });

  const schema = object({
    metadata: object({ name: { type: 'string' } }),
    spec: object({
      size: { type: 'integer' },
      on: { type: 'boolean' },
      list: { type: 'array', items: { type: 'string' } },
      map: { type: 'object', additionalProperties: { type: 'string' } },
    }),
  });
  const selecting = (paths: readonly string[], root: Schema | undefined = schema): CustomResourceDefinition => {
    const crd = definition('widgets');
    return { ...crd, spec: { ...crd.spec, versions: [{ ...crd.spec.versions[0]!, schema: { openAPIV3Schema: root as never }, selectableFields: paths.map((jsonPath) => ({ jsonPath })) }] } };
  };
  const fieldsAt = 'spec.selectableFields';

  it.each<[string[], string[]]>([
    [['.spec.size', '.spec.on', '.spec.map.any'], []],
    [[''], [`${fieldsAt}[0].jsonPath: Required value`]],
    [['spec.size'], [`${fieldsAt}[0].jsonPath: Invalid value: "spec.size": is an invalid path: expected [ or . but got: spec`]],
    [['.spec.'], [`${fieldsAt}[0].jsonPath: Invalid value: ".spec.": is an invalid path: unexpected end of JSON path`]],
    [['.spec[0]'], [`${fieldsAt}[0].jsonPath: Invalid value: ".spec[0]": is an invalid path: array notation is not allowed`]],
    [['.spec.nope'], [`${fieldsAt}[0].jsonPath: Invalid value: ".spec.nope": is an invalid path: does not refer to a valid field`]],
    [['.metadata.name'], [`${fieldsAt}[0].jsonPath: Invalid value: ".metadata.name": must not point to fields in metadata`]],
    [['.spec.list'], [`${fieldsAt}[0].jsonPath: Invalid value: ".spec.list": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.`]],
    [['.spec.on', '.spec.on'], [`${fieldsAt}[1].jsonPath: Duplicate value: ".spec.on"`]],
    [Array.from({ length: 9 }, (_, i) => `.spec.map.k${i}`), [`${fieldsAt}: Too many: 9: must have at most 8 items`]],
  ])('may select by %j: %j', (paths, expected) => expect(messages(validateDefinition(selecting(paths)))).toEqual(expected));

  it('may keep more selectable fields than are allowed now', () => {
    const many = selecting(Array.from({ length: 9 }, (_, i) => `.spec.map.k${i}`));
    expect(validateDefinition(many, many)).toEqual([]);
  });

  it('are published with what every resource has', () => {
    const crd = definition('widgets');
    const schemas = publishedSchemas(crd, crd.spec.versions[0]!);
    expect(Object.keys(schemas)).toEqual(['com.example.v1.Widget', 'com.example.v1.WidgetList']);
    const selectable = { 'x-kubernetes-selectable-fields': [{ fieldPath: 'spec.on' }] };
    expect(publishedSchemas(crd, selecting(['.spec.on']).spec.versions[0]!)).toMatchObject({ 'com.example.v1.Widget': selectable, 'com.example.v1.WidgetList': selectable });
    expect(schemas['com.example.v1.Widget']).toMatchObject({
      type: 'object',
      properties: { metadata: { allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }] } },
      'x-kubernetes-group-version-kind': [{ group: 'example.com', kind: 'Widget', version: 'v1' }],
    });
  });
});
