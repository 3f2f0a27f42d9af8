import { type FieldError, fieldErrors, isJsonObject, type JsonObject, type JsonValue } from '@navarch/apimachinery';

/** Where the numbers of a `scale` stand. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  readonly labelSelector: readonly string[] | undefined;
}

const MOST = 2 ** 31 - 1;

/** What of an object cannot be read as its `scale`. Mirrors `ValidateScaleSpec` and `ValidateScaleStatus` of apiextensions-apiserver. */
export function validateScale(object: JsonObject, { specReplicas, statusReplicas, labelSelector }: ScalePaths, statusOnly: boolean): FieldError[] {
  return [
    ...statusOnly ? [] : replicasErrors(object, specReplicas),
    ...replicasErrors(object, statusReplicas),
    ...labelSelector ? selectorErrors(object, labelSelector) : [],
  ];
}

function replicasErrors(object: JsonObject, steps: readonly string[]): FieldError[] {
  const at = read(object, steps, 'int64', 0);
  if (at.wrong) return [at.wrong];
  if (at.value === undefined) return [];
  const replicas = Number(at.value);
  if (replicas < 0) return [fieldErrors.invalid(pathOf(steps), replicas, 'should be a non-negative integer')];
  return replicas > MOST ? [fieldErrors.invalid(pathOf(steps), replicas, `should be less than or equal to ${MOST}`)] : [];
}

function selectorErrors(object: JsonObject, steps: readonly string[]): FieldError[] {
  const { wrong } = read(object, steps, 'string', '');
  return wrong ? [wrong] : [];
}

/** The value at a path, or why there can be none; neither where nothing is written. */
function read(object: JsonObject, steps: readonly string[], wanted: string, zero: JsonValue): { value?: JsonValue; wrong?: FieldError } {
  const refuse = (depth: number, value: JsonValue, expected: string): { wrong: FieldError } => ({
    wrong: fieldErrors.invalid(pathOf(steps), zero, `${pathOf(steps.slice(0, depth))} accessor error: ${printed(value)} is of the type ${goType(value)}, expected ${expected}`),
  });
  let at: JsonValue | undefined = object;
  for (const [depth, step] of steps.entries()) {
    if (at === null) return {};
    // Upstream names the path with the step that it could not take.
    if (!isJsonObject(at)) return refuse(depth + 1, at, 'map[string]interface{}');
    at = at[step];
    if (at === undefined) return {};
  }
  return goType(at) === wanted ? { value: at } : refuse(steps.length, at, wanted);
}

const pathOf = (steps: readonly string[]): string => `.${steps.join('.')}`;

/** Go's `%T` of a value read from JSON. */
function goType(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'string' ? 'string' : 'int64';
}

/** Go's `%v` of a value read from JSON. */
function printed(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`;
  if (!isJsonObject(value)) return String(value);
  return `map[${Object.keys(value).sort().map((key) => `${key}:${printed(value[key] ?? null)}`).join(' ')}]`;
}
