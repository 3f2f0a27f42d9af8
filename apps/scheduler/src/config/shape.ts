import { parseDuration } from '@navarch/component-base';

/** What a value of a configuration may be. */
export type Shape =
  | { readonly is: 'string'; readonly oneOf?: readonly string[] }
  | { readonly is: 'integer'; readonly min?: number; readonly max?: number }
  | { readonly is: 'boolean' }
  /** Go's notation (`1m30s`). */
  | { readonly is: 'duration' }
  /** Checked by whoever takes it. */
  | { readonly is: 'anything' }
  | { readonly is: 'list'; readonly of: Shape }
  | { readonly is: 'object'; readonly fields: Readonly<Record<string, Shape>>; readonly required?: readonly string[] };

export const text: Shape = { is: 'string' };
export const flag: Shape = { is: 'boolean' };
export const duration: Shape = { is: 'duration' };
export const anything: Shape = { is: 'anything' };
export const oneOf = (...values: readonly string[]): Shape => ({ is: 'string', oneOf: values });
export const integer = (min?: number, max?: number): Shape => ({ is: 'integer', ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) });
export const listOf = (of: Shape): Shape => ({ is: 'list', of });
export const object = (fields: Readonly<Record<string, Shape>>, ...required: readonly string[]): Shape => ({ is: 'object', fields, required });

/** Everything that is wrong with a value, each with the path to it; a field that nobody knows is wrong. */
export function faultsOf(value: unknown, shape: Shape, path: string): string[] {
  const at = path === '' ? 'the configuration' : path;
  switch (shape.is) {
    case 'anything':
      return [];
    case 'string':
      if (typeof value !== 'string') return [`${at}: must be a string`];
      return shape.oneOf === undefined || shape.oneOf.includes(value) ? [] : [`${at}: "${value}" is not one of ${shape.oneOf.map((known) => `"${known}"`).join(', ')}`];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${at}: must be true or false`];
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) return [`${at}: must be a whole number`];
      return value < (shape.min ?? -Infinity) || value > (shape.max ?? Infinity) ? [`${at}: ${value} is not between ${shape.min ?? '-∞'} and ${shape.max ?? '∞'}`] : [];
    case 'duration':
      return typeof value === 'string' && parseDuration(value) !== undefined ? [] : [`${at}: must be a duration such as 5s`];
    case 'list':
      return Array.isArray(value) ? value.flatMap((entry, index) => faultsOf(entry, shape.of, `${path}[${index}]`)) : [`${at}: must be a list`];
    case 'object':
      return objectFaults(value, shape.fields, shape.required ?? [], path);
  }
}

function objectFaults(value: unknown, fields: Readonly<Record<string, Shape>>, required: readonly string[], path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path === '' ? 'the configuration' : path}: must be an object`];
  const under = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const faults = required.filter((name) => !Object.hasOwn(value, name)).map((name) => `${under(name)}: is required`);
  for (const [name, entry] of Object.entries(value)) {
    const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (shape === undefined) faults.push(`unknown field "${under(name)}"`);
    else if (entry !== null) faults.push(...faultsOf(entry, shape, under(name)));
  }
  return faults;
}
