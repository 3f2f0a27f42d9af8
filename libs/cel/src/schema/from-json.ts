import { parseDuration, parseTimestamp } from '../values/time';
import { ArrayList, type ListValue, type MapValue, type Value } from '../values/value';
import { spend } from '../values/work';
import { escapeField, unescapeField } from './escape';
import { declaresResource, type OpenApiSchema } from './open-api-schema';

type Json = Readonly<Record<string, unknown>>;

/** A JSON value as expressions see it: typed by its schema, or as it is. Lists and maps are read when they are looked into. */
export function fromJson(value: unknown, schema?: OpenApiSchema, isResource = false): Value {
  switch (typeof value) {
    case 'boolean':
    case 'bigint':
      return value;
    case 'string':
      return stringFrom(value, schema);
    case 'number':
      return schema?.type === 'number' ? value : Number.isInteger(value) ? BigInt(value) : value;
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) return new JsonList(value, schema);
      return new JsonMap(value as Json, schema, isResource || schema?.['x-kubernetes-embedded-resource'] === true);
    default:
      return null;
  }
}

function stringFrom(value: string, schema: OpenApiSchema | undefined): Value {
  if (schema?.type !== 'string') return value;
  switch (schema.format) {
    case 'byte':
      spend(value.length * 0.1);
      return new Uint8Array(Buffer.from(value, 'base64'));
    case 'date':
    case 'date-time':
      return parseTimestamp(schema.format === 'date' ? `${value}T00:00:00Z` : value) ?? value;
    case 'duration':
      return parseDuration(value) ?? value;
    default:
      return value;
  }
}

class JsonList implements ListValue {
  readonly list = true;

  constructor(
    private readonly values: readonly unknown[],
    private readonly schema: OpenApiSchema | undefined,
  ) {}

  get size(): number {
    return this.values.length;
  }

  get onlyInts(): boolean {
    return this.schema !== undefined;
  }

  get keyedBy(): 'value' | readonly string[] | undefined {
    switch (this.schema?.['x-kubernetes-list-type']) {
      case 'set':
        return 'value';
      case 'map':
        return this.schema['x-kubernetes-list-map-keys'] ?? [];
      default:
        return undefined;
    }
  }

  at(index: number): Value {
    return fromJson(this.values[index], this.schema?.items);
  }

  *[Symbol.iterator](): Iterator<Value> {
    for (let i = 0; i < this.values.length; i++) yield this.at(i);
  }
}

const META: OpenApiSchema = { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } };

class JsonMap implements MapValue {
  readonly map = true;
  readonly field: ((name: string) => Value | undefined) | undefined;

  constructor(
    private readonly value: Json,
    private readonly schema: OpenApiSchema | undefined,
    private readonly isResource: boolean,
  ) {
    this.field = this.isDeclared ? (name) => this.member(unescapeField(name)) : undefined;
  }

  get onlyTexts(): boolean {
    return this.schema !== undefined;
  }

  /** Whether this is an object with fields, and no map. */
  private get isDeclared(): boolean {
    return this.schema?.type === 'object' && typeof this.schema.additionalProperties !== 'object';
  }

  private names(): string[] {
    return Object.keys(this.value).filter((name) => !this.isDeclared || (this.schemaOf(name) !== undefined && escapeField(name) !== undefined));
  }

  get size(): number {
    return Object.keys(this.value).length;
  }

  get unseen(): Readonly<Record<string, unknown>> | undefined {
    if (!this.isDeclared) return undefined;
    const names = Object.keys(this.value).filter((name) => this.schemaOf(name) === undefined);
    return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, this.value[name]]));
  }

  get(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined;
    return this.member(this.isDeclared ? unescapeField(key) : key);
  }

  keys(): Iterable<Value> {
    return this.isDeclared ? this.names().map((name) => escapeField(name) ?? name) : this.names();
  }

  private member(name: string): Value | undefined {
    if (!Object.hasOwn(this.value, name)) return undefined;
    const value = this.value[name];
    if (value === undefined) return undefined;
    const schema = this.schemaOf(name);
    // A field that is null is as good as absent; members of maps and items of lists may be null.
    if (this.isDeclared && (schema === undefined || value === null)) return undefined;
    return fromJson(value, schema);
  }

  private schemaOf(name: string): OpenApiSchema | undefined {
    const { schema } = this;
    if (!schema) return undefined;
    if (this.isResource && !declaresResource(schema)) {
      if (name === 'metadata') return META;
      if (name === 'apiVersion' || name === 'kind') return { type: 'string' };
    }
    if (schema.properties && Object.hasOwn(schema.properties, name)) return schema.properties[name];
    return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  }
}

/** A list of JSON values without a schema. */
export const listFromJson = (values: readonly unknown[]): ListValue => new ArrayList(values.map((value) => fromJson(value)));
