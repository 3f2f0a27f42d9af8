import type { KubeObject } from '../kube-object';
import { type Cell } from './cell';

/** A column of a Table. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: 'boolean' | 'date' | 'integer' | 'string';
  /** `name` marks what identifies the row. */
  readonly format: '' | 'name';
  readonly description: string;
  /** 0 is shown always, 1 in wide output. */
  readonly priority: 0 | 1;
}

/** `kubectl` greys out, or leaves out, rows with such a condition. */
export interface RowCondition {
  readonly type: 'Completed';
  readonly status: 'True';
  readonly reason: string;
  readonly message: string;
}

/** Makes rows of stored objects, wide columns included. */
export interface Printer {
  readonly columns: readonly ColumnDefinition[];
  cells(object: KubeObject): readonly Cell[];
  conditions?(object: KubeObject): readonly RowCondition[] | undefined;
}

/** A column with the function that fills it. */
export interface Column<T> extends ColumnDefinition {
  readonly cell: (object: T) => Cell;
}

interface ColumnOptions {
  readonly type?: ColumnDefinition['type'];
  readonly format?: ColumnDefinition['format'];
  readonly description?: string;
}

function make<T>(name: string, cell: (object: T) => Cell, priority: 0 | 1, { type = 'string', format = '', description = name }: ColumnOptions): Column<T> {
  return { name, type, format, description, priority, cell };
}

export const column = <T>(name: string, cell: (object: T) => Cell, options: ColumnOptions = {}): Column<T> => make(name, cell, 0, options);
/** A column of wide output. */
export const wideColumn = <T>(name: string, cell: (object: T) => Cell, options: ColumnOptions = {}): Column<T> => make(name, cell, 1, options);
export const countColumn = <T>(name: string, count: (object: T) => number | undefined): Column<T> =>
  make(name, (object) => count(object) ?? 0, 0, { type: 'integer' });

type Named = { readonly metadata?: { readonly name?: string | undefined; readonly creationTimestamp?: string | undefined } | undefined };

export const nameColumn = <T extends Named>(text: (object: T) => string = (object) => object.metadata?.name ?? '', priority: 0 | 1 = 0): Column<T> =>
  make('Name', text, priority, { format: 'name', description: 'Name must be unique within a namespace.' });
export const ageColumn = <T extends Named>(): Column<T> =>
  make('Age', (object) => ({ age: object.metadata?.creationTimestamp }), 0, { description: 'When the object was created.' });

/** A printer made of columns. Forgets the type of the object, as the registry hands it objects of its own kind. */
export function printer<T extends object>(columns: readonly Column<T>[], conditions?: (object: T) => readonly RowCondition[] | undefined): Printer {
  return {
    columns: columns.map(({ name, type, format, description, priority }) => ({ name, type, format, description, priority })),
    cells: (object) => columns.map(({ cell }) => cell(object as unknown as T)),
    ...(conditions ? { conditions: (object: KubeObject) => conditions(object as unknown as T) } : {}),
  };
}

/** For kinds without columns of their own. */
export const defaultPrinter: Printer = printer<Named>([
  nameColumn(),
  column('Created At', (object) => object.metadata?.creationTimestamp ?? '<unknown>', { type: 'date', description: 'When the object was created.' }),
]);
