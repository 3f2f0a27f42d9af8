import type { CelType, ObjectType } from '../types/cel-type';

/** What an expression may name besides functions. */
export interface Declarations {
  variable(name: string): CelType | undefined;
  /** Types of which objects can be written: `Object.spec{…}`. */
  struct?(name: string): ObjectType | undefined;
}

/** Declares variables by a table. */
export const variables = (table: Readonly<Record<string, CelType>>): Declarations => ({ variable: (name) => (Object.hasOwn(table, name) ? table[name] : undefined) });
