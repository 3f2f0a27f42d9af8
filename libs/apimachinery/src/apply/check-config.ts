import { getMember, isJsonObject, type JsonObject, type JsonValue } from '../json';
import { type ListType, type ScalarType, type SchemaType } from '../schema';
import { goSyntaxOfValue, goTextOfValue } from './go-value';
import { formatPath, itemElement, type PathElement } from './path-element';

/** What keeps a configuration from being laid over an object: undeclared fields, wrong types, items without or with the same key. */
export function checkConfig(config: JsonObject, type: SchemaType): string[] {
  const check = new ConfigCheck();
  check.value(config, type);
  return check.problems;
}

class ConfigCheck {
  readonly problems: string[] = [];
  private readonly path: PathElement[] = [];

  value(value: JsonValue, type: SchemaType): void {
    if (value === null || type.kind === 'any') return;
    if (type.kind === 'scalar') this.scalar(value, type);
    else if (type.kind === 'list') {
      if (Array.isArray(value)) this.list(value, type);
      else this.report(`expected list, got ${goTextOfValue(value)}`);
    } else if (!isJsonObject(value)) this.report(`expected map, got ${goTextOfValue(value)}`);
    else {
      for (const name of Object.keys(value)) {
        const member = getMember(value, name) ?? null;
        const field = type.kind === 'struct' ? type.fields.get(name) : undefined;
        this.at(`f:${name}`, () => {
          if (type.kind === 'map') this.value(member, type.values);
          else if (field) this.value(member, field.type);
          else if (!type.open) this.report('field not declared in schema');
        });
      }
    }
  }

  private list(list: readonly JsonValue[], type: ListType): void {
    const seen = new Set<string>();
    list.forEach((item, i) => {
      const element = type.listType === 'atomic' ? `i:${i}` : itemElement(item, type);
      if (element === undefined) {
        const keys = `[${type.keys.map((key) => `"${key}"`).join(' ')}]`;
        this.report(`element ${i}: associative list with keys has an element that omits all key fields ${keys} (and doesn't have default values for any key fields)`);
        return;
      }
      if (seen.has(element)) this.report(`duplicate entries for key ${formatPath([element])}`);
      seen.add(element);
      this.at(element, () => this.value(item, type.items));
    });
  }

  private scalar(value: JsonValue, { scalar }: ScalarType): void {
    if (scalar === 'string' || scalar === 'bytes') {
      if (typeof value !== 'string') this.report(`expected string, got ${goSyntaxOfValue(value)}`);
    } else if (scalar === 'boolean') {
      if (typeof value !== 'boolean') this.report(`expected boolean, got ${goTextOfValue(value)}`);
    } else if (scalar === 'int32' || scalar === 'int64' || scalar === 'double') {
      if (typeof value !== 'number' && typeof value !== 'bigint') this.report(`expected numeric (int or float), got ${goTypeOf(value)}`);
    } else if (typeof value === 'object') this.report(`expected any scalar, got ${goTextOfValue(value)}`);
  }

  private at(element: PathElement, check: () => void): void {
    this.path.push(element);
    check();
    this.path.pop();
  }

  private report(problem: string): void {
    this.problems.push(`${formatPath(this.path)}: ${problem}`);
  }
}

function goTypeOf(value: JsonValue): string {
  if (typeof value === 'object') return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
