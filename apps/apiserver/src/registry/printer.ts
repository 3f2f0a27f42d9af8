import { parseTime } from '@navarch/apimachinery';
import type { Cached } from './resource-store';
import type { ServedResource } from './served-resource';

/** A column as a Table defines it. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

export interface PrintedRow {
  readonly cells: readonly unknown[];
  readonly conditions?: readonly object[];
}

/** Makes the rows that `kubectl get` shows. */
export interface ResourcePrinter {
  readonly columns: readonly ColumnDefinition[];
  row(object: Cached, served: ServedResource, nowMs: number): PrintedRow;
}

/** Name and age: for kinds without columns of their own. */
export const defaultPrinter: ResourcePrinter = {
  columns: [
    { name: 'Name', type: 'string', format: 'name', description: 'Name must be unique within a namespace.', priority: 0 },
    { name: 'Created At', type: 'date', format: '', description: 'CreationTimestamp is a timestamp representing the server time when this object was created.', priority: 0 },
  ],
  row: (object) => {
    const { name = '', creationTimestamp } = object.object.metadata;
    return { cells: [name, creationTimestamp !== undefined && parseTime(creationTimestamp) !== undefined ? creationTimestamp : '<unknown>'] };
  },
};
