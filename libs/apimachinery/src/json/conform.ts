import { goQuote } from '../text/go-quote';
import { type FieldType, type SchemaType, type StructType } from '../schema/schema-type';
import { conformScalar, isZeroScalar, jsonKind } from './conform-scalar';
import { DecodeError } from './decode-error';
import { isJsonObject, setMember, type JsonObject, type JsonValue } from './json-value';

/** More are not reported, as upstream limits them. */
const maxStrictErrors = 100;

/**
 * Makes a decoded body what Go's typed decoder and encoder would make of it, in place: unknown fields, nulls and zero values
 * that Go omits are dropped, times are put into UTC, quantities become text.
 * @returns reports of unknown fields: `unknown field "spec.foo"`
 * @throws DecodeError for the first value of a wrong type
 */
export function conformToType(object: JsonObject, type: StructType): string[] {
  const walk = new Conforming();
  walk.struct(object, type);
  return [...walk.reports];
}

class Conforming {
  readonly reports = new Set<string>();
  /** As reports of unknown fields name a place: with positions and keys. */
  private readonly path: (number | string)[] = [];
  /** As type errors name it: fields only. */
  private readonly fields: string[] = [];
  private structName = '';

  struct(object: JsonObject, type: StructType): void {
    for (const name of Object.keys(object)) {
      const field = type.fields.get(name);
      if (!field) {
        if (!type.open) this.unknown(object, name);
        continue;
      }
      const value = object[name] ?? null;
      this.path.push(name);
      this.fields.push(name);
      const outer = this.structName;
      this.structName = type.goName;
      const kept = value === null ? undefined : this.field(value, field);
      this.structName = outer;
      this.fields.pop();
      this.path.pop();
      if (kept === undefined) delete object[name];
      else if (kept !== value) object[name] = kept;
    }
  }

  private unknown(object: JsonObject, name: string): void {
    if (this.reports.size < maxStrictErrors) this.reports.add(`unknown field ${goQuote(formatSteps([...this.path, name]))}`);
    delete object[name];
  }

  /** Undefined when Go would leave it out. */
  private field(value: JsonValue, { name, type, explicit, always, required }: FieldType): JsonValue | undefined {
    const conformed = this.value(value, type);
    if (explicit || always) return conformed;
    if (type.kind === 'scalar') return isZeroScalar(conformed, type.scalar) ? undefined : conformed;
    // An empty list of managedFields says that nobody is to keep track, which Go knows from none at all.
    if (type.kind === 'list') return Array.isArray(conformed) && conformed.length === 0 && !required && name !== 'managedFields' ? undefined : conformed;
    if (type.kind === 'map') return isJsonObject(conformed) && Object.keys(conformed).length === 0 ? undefined : conformed;
    return conformed;
  }

  private value(value: JsonValue, type: SchemaType): JsonValue {
    switch (type.kind) {
      case 'scalar':
        return conformScalar(value, type, this.mismatch);
      case 'any':
        return value;
      case 'list':
        if (!Array.isArray(value)) throw this.mismatch(jsonKind(value), type.goType);
        for (let i = 0; i < value.length; i++) {
          const item = value[i] ?? null;
          this.path.push(i);
          value[i] = item === null ? zeroOf(type.items) : this.value(item, type.items);
          this.path.pop();
        }
        return value;
      case 'map':
        if (!isJsonObject(value)) throw this.mismatch(jsonKind(value), type.goType);
        for (const key of Object.keys(value)) {
          const item = value[key] ?? null;
          this.path.push(key);
          const conformed = item === null ? zeroOf(type.values) : this.value(item, type.values);
          if (conformed !== item) setMember(value, key, conformed);
          this.path.pop();
        }
        return value;
      case 'struct':
        if (!isJsonObject(value)) throw this.mismatch(jsonKind(value), type.goType);
        this.struct(value, type);
        return value;
    }
  }

  private readonly mismatch = (found: string, goType: string): DecodeError => {
    const target = this.fields.length === 0 ? 'Go value' : `Go struct field ${this.structName}.${this.fields.join('.')}`;
    return new DecodeError(`json: cannot unmarshal ${found} into ${target} of type ${goType}`);
  };
}

/** `spec.containers[0].name`; only made when there is something to report. */
function formatSteps(steps: readonly (number | string)[]): string {
  return steps.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}

/** What Go has where JSON has null inside a list or map. */
function zeroOf(type: SchemaType): JsonValue {
  switch (type.kind) {
    case 'struct':
    case 'map':
      return {};
    case 'list':
      return [];
    case 'any':
      return null;
    case 'scalar':
      break;
  }
  switch (type.scalar) {
    case 'boolean':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0;
    case 'quantity':
      return '0';
    case 'time':
    case 'microTime':
      return null;
    default:
      return '';
  }
}
