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
 * @param decoded what the decoder has reported. What stood twice gets the place of its field among the reports, and none where that is unknown
 * @returns reports, of unknown fields too: `unknown field "spec.foo"`
 * @throws DecodeError for the first value of a wrong type
 */
export function conformToType(object: JsonObject, type: StructType, decoded: readonly string[] = []): string[] {
  const walk = new Conforming(new Set(decoded));
  walk.struct(object, type);
  return walk.all();
}

/** How upstream reports what stands twice. */
export function duplicateField(path: string): string {
  return `duplicate field ${goQuote(path)}`;
}

class Conforming {
  readonly reports = new Set<string>();
  /** As reports of unknown fields name a place: with positions and keys. */
  private readonly path: (number | string)[] = [];
  /** As type errors name it: fields only. */
  private readonly fields: string[] = [];
  private readonly unknowns: string[] = [];
  private structName = '';

  constructor(private readonly decoded: ReadonlySet<string>) {}

  /** The walk does not enter what has no type: what stood twice there comes last. Lines of YAML come first. */
  all(): string[] {
    if (this.decoded.size === 0) return [...this.reports];
    const lines = [...this.decoded].filter((report) => report.startsWith('line '));
    const others = [...this.decoded].filter((report) => !report.startsWith('line ') && !this.isUnknown(report));
    return [...new Set([...lines, ...this.reports, ...others])];
  }

  /** Whether what stood twice is unknown, or inside of what is. */
  private isUnknown(duplicate: string): boolean {
    return this.unknowns.some((path) => {
      const start = duplicateField(path).slice(0, -1);
      return duplicate.startsWith(start) && /^["[.]/.test(duplicate.slice(start.length));
    });
  }

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
      this.noteDuplicate();
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
    delete object[name];
    if (this.reports.size >= maxStrictErrors) return;
    const path = formatSteps([...this.path, name]);
    this.unknowns.push(path);
    this.reports.add(`unknown field ${goQuote(path)}`);
  }

  private noteDuplicate(): void {
    if (this.decoded.size === 0) return;
    const report = duplicateField(formatSteps(this.path));
    if (this.decoded.has(report)) this.reports.add(report);
  }

  /** Undefined when Go would leave it out. */
  private field(value: JsonValue, { name, type, explicit, always, required }: FieldType): JsonValue | undefined {
    const conformed = this.value(value, type);
    if (explicit || always) return conformed;
    if (type.kind === 'scalar') return isZeroScalar(conformed, type.scalar) ? undefined : conformed;
    if (type.kind === 'list') return Array.isArray(conformed) && conformed.length === 0 && !required && !this.endsTracking(name) ? undefined : conformed;
    if (type.kind === 'map') return isJsonObject(conformed) && Object.keys(conformed).length === 0 ? undefined : conformed;
    return conformed;
  }

  /** An empty list of an object's own managedFields says that nobody is to keep track, which Go knows from none at all. */
  private endsTracking(name: string): boolean {
    return name === 'managedFields' && this.fields.length === 2 && this.fields[0] === 'metadata';
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
          this.noteDuplicate();
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
