import { getMember, isJsonObject, serializeUntyped, type JsonObject, type JsonValue } from '../json';
import { WireWriter } from '../protobuf/wire-writer';
import { wireType } from '../protobuf/wire-reader';

/** Field number, name, type and, where fields are alternatives, `oneof`. */
type GnosticField = readonly [number: number, name: string, type: string, oneof?: string];

/** OpenAPI v2 in protobuf: `openapi-v2-gnostic.json`. */
export interface GnosticTable {
  readonly messages: Readonly<Record<string, readonly GnosticField[]>>;
}

/** What such a document is served as. */
export const gnosticMediaType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** What clients ask for: old ones with an at sign, which no Content-Type may hold. */
export const gnosticMediaTypes: readonly string[] = [gnosticMediaType, 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'];

/** Writes an OpenAPI v2 document as kubectl before 1.27 reads it. */
export function encodeGnostic(document: JsonObject, table: GnosticTable): Buffer {
  const encoder = new GnosticEncoder(table);
  encoder.message('Document', document);
  return encoder.writer.finish();
}

/** Fields whose name in the document is no plain camel case. */
const documentNames: Readonly<Record<string, string>> = { _ref: '$ref' };
const documentName = (field: string): string => documentNames[field] ?? field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Fields that gather members by name, and which members. */
const gathering: Readonly<Record<string, (name: string) => boolean>> = {
  additional_properties: () => true,
  path: (name) => name.startsWith('/'),
  response_code: (name) => /^(?:\d{3}|default)$/.test(name),
  vendor_extension: (name) => name.startsWith('x-'),
};

/** A field of a message, and where its value stands in the document. */
interface FieldPlan {
  readonly field: GnosticField;
  readonly documentName: string;
  /** Which members it gathers by their names. */
  readonly gathers: ((name: string) => boolean) | undefined;
}

class GnosticEncoder {
  readonly writer = new WireWriter();
  private readonly plans = new Map<string, readonly FieldPlan[]>();

  constructor(private readonly table: GnosticTable) {}

  private plan(message: string): readonly FieldPlan[] {
    const known = this.plans.get(message);
    if (known) return known;
    const fields = this.table.messages[`openapi.v2.${message}`];
    if (!fields) throw new Error(`unknown message ${message}`);
    const plan = fields.map((field) => ({ field, documentName: documentName(field[1]), gathers: field[2].startsWith('repeated Named') ? gathering[field[1]] : undefined }));
    this.plans.set(message, plan);
    return plan;
  }

  message(name: string, value: JsonValue): void {
    if (name === 'Any') {
      this.writer.stringField(2, serializeUntyped(value));
      return;
    }
    const chosen = chooseAlternative(name, value);
    if (chosen !== undefined) {
      const found = this.plan(name).find(({ field }) => field[1] === chosen);
      if (found) this.field(found.field, value);
    } else if (name === 'TypeItem' || name === 'StringArray') for (const item of asList(value)) this.scalar(1, 'string', item);
    else if (name === 'ItemsItem') for (const item of asList(value)) this.field([1, 'schema', 'Schema'], item);
    else if (isJsonObject(value)) for (const plan of this.plan(name)) this.member(plan, value);
  }

  private member({ field, documentName: name, gathers }: FieldPlan, object: JsonObject): void {
    if (gathers) {
      for (const key of Object.keys(object)) if (gathers(key)) this.named(field, key, getMember(object, key) ?? null);
      return;
    }
    const value = getMember(object, name);
    if (value === undefined || value === null) return;
    const [number, , type] = field;
    if (type.startsWith('repeated ')) for (const item of asList(value)) this.field([number, field[1], type.slice('repeated '.length)], item);
    else this.field(field, value);
  }

  /** A NamedX message: the key, and the value as an X. */
  private named([number, , type]: GnosticField, key: string, value: JsonValue): void {
    const wrapper = type.slice('repeated '.length);
    const valueType = this.table.messages[`openapi.v2.${wrapper}`]?.find((field) => field[1] === 'value')?.[2] ?? 'Any';
    this.writer.messageField(number, () => {
      this.writer.stringField(1, key);
      this.field([2, 'value', valueType], value);
    });
  }

  private field([number, , type]: GnosticField, value: JsonValue): void {
    if (/^[a-z]/.test(type)) this.scalar(number, type, value);
    else this.writer.messageField(number, () => this.message(type, value));
  }

  private scalar(number: number, type: string, value: JsonValue): void {
    if (type === 'string') this.writer.stringField(number, typeof value === 'string' ? value : serializeUntyped(value));
    else if (type === 'double') {
      this.writer.tag(number, wireType.fixed64);
      this.writer.double(Number(value));
    } else {
      this.writer.tag(number, wireType.varint);
      this.writer.int64(type === 'bool' ? Number(value === true) : typeof value === 'bigint' || typeof value === 'number' ? value : 0);
    }
  }
}

const asList = (value: JsonValue): readonly JsonValue[] => (Array.isArray(value) ? value : [value]);

/** Which alternative of a message with alternatives a value is; undefined for messages without. */
function chooseAlternative(message: string, value: JsonValue): string | undefined {
  const has = (name: string): boolean => isJsonObject(value) && Object.hasOwn(value, name);
  const where = isJsonObject(value) ? getMember(value, 'in') : undefined;
  switch (message) {
    case 'AdditionalPropertiesItem':
      return typeof value === 'boolean' ? 'boolean' : 'schema';
    case 'NonBodyParameter':
      return where === 'path' ? 'path_parameter_sub_schema' : where === 'header' ? 'header_parameter_sub_schema' : where === 'formData' ? 'form_data_parameter_sub_schema' : 'query_parameter_sub_schema';
    case 'Parameter':
      return where === 'body' ? 'body_parameter' : 'non_body_parameter';
    case 'ParametersItem':
      return has('$ref') ? 'json_reference' : 'parameter';
    case 'ResponseValue':
      return has('$ref') ? 'json_reference' : 'response';
    case 'SchemaItem':
      return isJsonObject(value) && value['type'] === 'file' ? 'file_schema' : 'schema';
    case 'SecurityDefinitionsItem':
      return isJsonObject(value) && value['type'] === 'basic' ? 'basic_authentication_security' : 'api_key_security';
    default:
      return undefined;
  }
}
