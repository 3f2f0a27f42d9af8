import type { Schema } from '../schema/schema';
import { join } from './validate-value';

/** Where a member stands: keys of maps are in brackets, except in what schemas themselves complain of, which has dots throughout. */
export function memberPath(path: string, name: string, { properties }: Schema): string {
  return properties && Object.hasOwn(properties, name) ? join(path, name) : `${path}[${name}]`;
}
