import { FlagError } from '../parse-flags';

/** How a value of a configuration file reads as the text of a flag. Each throws FlagError, with the field's path, for what it cannot be. */
export type FieldText = (value: unknown, path: string) => string;

export type Json = Readonly<Record<string, unknown>>;
export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const wrong = (path: string, wanted: string): FlagError => new FlagError(`--config: ${path}: must be ${wanted}`);

export function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw wrong(path, 'a string');
  return value;
}

export function whole(value: unknown, path: string): string {
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong(path, 'a whole number');
  return String(value);
}

export function bool(value: unknown, path: string): string {
  if (typeof value !== 'boolean') throw wrong(path, 'true or false');
  return String(value);
}

export function each<T>(value: unknown, path: string, one: (item: unknown, at: string) => T): T[] {
  if (!Array.isArray(value)) throw wrong(path, 'a list');
  return value.map((item: unknown, i) => one(item, `${path}[${i}]`));
}

export function object(value: unknown, path: string): Json {
  if (!isObject(value)) throw wrong(path, 'an object');
  return value;
}

/** The entries of a map of strings, or of numbers. */
export function entries(value: unknown, path: string): [name: string, text: string][] {
  return Object.entries(object(value, path)).map(([name, item]) => [name, typeof item === 'number' ? String(item) : text(item, `${path}.${name}`)]);
}

export const list: FieldText = (value, path) => each(value, path, text).join();
/** Switches by name. */
export const switches: FieldText = (value, path) => Object.entries(object(value, path)).map(([name, of]) => `${name}=${bool(of, `${path}.${name}`)}`).join();
export const map: FieldText = (value, path) => entries(value, path).map(([name, of]) => `${name}=${of}`).join();
