import { getMember, isJsonObject, serializeUntyped, type JsonObject, type JsonValue } from '../json';
import { WireWriter } from '../protobuf/wire-writer';
import { wireType } from '../protobuf/wire-reader';

/** Field number, name, type and, where fields are alternatives, `oneof`. */
type GnosticField = readonly [number: number, name: string, type: string, oneof?: string];

/** OpenAPI in protobuf: `openapi-v2-gnostic.json` and `openapi-v3-gnostic.json`. */
export interface GnosticTable {
  readonly messages: Readonly<Record<string, readonly GnosticField[]>>;
}

/** What a version of OpenAPI has of its own in protobuf. */
export interface GnosticDialect {
  /** Of all its messages. */
  readonly package: string;
  /** Fields that gather members by name, and which members. */
  readonly gathering: Readonly<Record<string, (name: string) => boolean>>;
  /** The field that holds a value, of a message whose fields are alternatives; one that is no field leaves the message empty. Undefined for other messages. */
  alternative(message: string, value: JsonValue): string | undefined;
}

/** Writes a document of OpenAPI as gnostic does. */
export function encodeGnostic(document: JsonObject, table: GnosticTable, dialect: GnosticDialect): Buffer {
  const encoder = new GnosticEncoder(table, dialect);
  encoder.message('Document', document);
  return encoder.writer.finish();
}

/** Whether a value has a member. */
export const has = (value: JsonValue, name: string): boolean => isJsonObject(value) && Object.hasOwn(value, name);

/** Fields whose name in the document is no plain camel case. */
const documentNames: Readonly<Record<string, string>> = { _ref: '$ref' };
const documentName = (field: string): string => documentNames[field] ?? field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A field of a message, and where its value stands in the document. */
interface FieldPlan {
  readonly field: GnosticField;
  readonly documentName: string;
  /** Which members it gathers by their names. */
  readonly gathers: ((name: string) => boolean) | undefined;
}

const isList = (type: string): boolean => type.startsWith('repeated ') && !type.startsWith('repeated Named');

class GnosticEncoder {
  readonly writer = new WireWriter();
  private readonly plans = new Map<string, readonly FieldPlan[]>();

  constructor(private readonly table: GnosticTable, private readonly dialect: GnosticDialect) {}

  private plan(message: string): readonly FieldPlan[] {
    const known = this.plans.get(message);
    if (known) return known;
    const fields = this.table.messages[`${this.dialect.package}.${message}`];
    if (!fields) throw new Error(`unknown message ${message}`);
    const plan = fields.map((field) => ({ field, documentName: documentName(field[1]), gathers: field[2].startsWith('repeated Named') ? this.dialect.gathering[field[1]] : undefined }));
    this.plans.set(message, plan);
    return plan;
  }

  message(name: string, value: JsonValue): void {
    if (name === 'Any') {
      this.writer.stringField(2, serializeUntyped(value));
      return;
    }
    const chosen = this.dialect.alternative(name, value);
    const plans = this.plan(name);
    const [only] = plans.length === 1 ? plans : [];
    if (chosen !== undefined) {
      const found = plans.find(({ field }) => field[1] === chosen);
      if (found) this.field(found.field, value);
    } else if (only !== undefined && isList(only.field[2])) this.items(only.field, value);
    else if (isJsonObject(value)) for (const plan of plans) this.member(plan, value);
  }

  private member({ field, documentName: name, gathers }: FieldPlan, object: JsonObject): void {
    if (gathers) {
      for (const key of Object.keys(object)) if (gathers(key)) this.named(field, key, getMember(object, key) ?? null);
      return;
    }
    const value = getMember(object, name);
    if (value === undefined || value === null) return;
    if (isList(field[2])) this.items(field, value);
    else this.field(field, value);
  }

  /** A list, or one value where OpenAPI lets it stand for a list of one. */
  private items([number, name, type]: GnosticField, value: JsonValue): void {
    for (const item of Array.isArray(value) ? value : [value]) this.field([number, name, type.slice('repeated '.length)], item);
  }

  /** A NamedX message: the key, and the value as an X. */
  private named([number, , type]: GnosticField, key: string, value: JsonValue): void {
    const wrapper = type.slice('repeated '.length);
    const valueType = this.table.messages[`${this.dialect.package}.${wrapper}`]?.find((field) => field[1] === 'value')?.[2] ?? 'Any';
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
