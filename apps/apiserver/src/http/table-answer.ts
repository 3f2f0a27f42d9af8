import { type KubeObject, type metav1, type Printer, renderCell } from '@navarch/api';
import { badRequest, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { Cached } from '../registry/resource-store';
import type { ServedResource } from '../registry/served-resource';
import type { ListResult } from '../registry/list';
import { metadataBytes } from './metadata-answer';

type MetaVersion = 'v1' | 'v1beta1';
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** Rows of a `kubectl get`: cells, and beside them the object as far as the client wants it. */
export class TableWriter {
  readonly key: string;

  constructor(
    private readonly served: ServedResource,
    private readonly printer: Printer,
    private readonly version: MetaVersion,
    private readonly include: IncludeObject,
    private readonly now: () => number,
  ) {
    this.key = `table:${version}:${include}:${served.apiVersion}`;
  }

  private head(metadata: object, isTitled = true): Buffer {
    const columns = isTitled ? JSON.stringify(this.printer.columns) : 'null';
    return Buffer.from(`{"kind":"Table","apiVersion":"meta.k8s.io/${this.version}","metadata":${JSON.stringify(metadata)},"columnDefinitions":${columns},"rows":[`);
  }

  listHead(list: Pick<ListResult, 'version' | 'continue' | 'remaining'>): Buffer {
    return this.head({
      resourceVersion: String(list.version),
      ...(list.continue === '' ? {} : { continue: list.continue }),
      ...(list.remaining === undefined ? {} : { remainingItemCount: list.remaining }),
    });
  }

  /** `{"cells":[…],"object":{…}}`. The cells are kept with the object, ages in them as times; what is shown is of this moment. */
  row(object: Cached): Buffer {
    const { cells, conditions } = object.represent(`table:${this.served.apiVersion}`, ({ object: shared }) => ({
      cells: this.printer.cells(shared as KubeObject),
      conditions: this.printer.conditions?.(shared as KubeObject),
    }));
    const now = this.now();
    const shown = JSON.stringify(cells.map((cell) => renderCell(cell, now)));
    const head = `{"cells":${shown}${conditions === undefined ? '' : `,"conditions":${JSON.stringify(conditions)}`},"object":`;
    return Buffer.concat([Buffer.from(head), this.objectOf(object), Buffer.from('}')]);
  }

  /** A table of one row, with or without the columns' titles. */
  one(object: Cached, isTitled = true): Buffer {
    return Buffer.concat([this.head({ resourceVersion: String(object.resourceVersion) }, isTitled), this.row(object), Buffer.from(']}')]);
  }

  /** A bookmark as upstream's converter shows it: the row of an object that has nothing but this metadata. */
  bookmark(metadata: metav1.ObjectMeta, isTitled: boolean): Buffer {
    const { kind } = this.served.facts;
    const cells = this.printer.cells({ metadata, spec: {}, status: {} } as KubeObject).map((cell) => renderCell(cell, this.now()));
    const partial = { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${this.version}`, metadata };
    // What ends the initial events must be seen by who wants no objects, too.
    const object = this.include === 'Object' ? { kind, apiVersion: this.served.apiVersion, metadata } : this.include === 'Metadata' || metadata.annotations ? partial : null;
    return Buffer.concat([this.head({ resourceVersion: metadata.resourceVersion }, isTitled), Buffer.from(`${JSON.stringify({ cells, object })}]}`)]);
  }

  private objectOf(object: Cached): Buffer {
    if (this.include === 'None') return Buffer.from('null');
    return this.include === 'Object' ? this.served.bytes(object) : metadataBytes(object, this.version);
  }
}

/** A table of the one row that a view of another kind makes of an object, such as Scale. */
export function viewTable(printer: Printer, shown: KubeObject, version: MetaVersion, include: IncludeObject, nowMs: number): Buffer {
  const metadata = { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: shown.metadata };
  const object = include === 'None' ? null : include === 'Object' ? shown : metadata;
  const rows = [{ cells: printer.cells(shown).map((cell) => renderCell(cell, nowMs)), object }];
  return Buffer.from(JSON.stringify({ kind: 'Table', apiVersion: `meta.k8s.io/${version}`, metadata: { resourceVersion: shown.metadata.resourceVersion }, columnDefinitions: printer.columns, rows }));
}

const includes = ['None', 'Metadata', 'Object'] as const;

/** @throws badRequest */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const asked = query.get('includeObject') ?? '';
  if (asked === '') return 'Metadata';
  const known = includes.find((one) => one === asked);
  if (known) return known;
  throw badRequest(`Unable to convert to Table as requested: ${fieldErrors.invalid(FieldPath.of('includeObject'), asked, "must be 'Metadata', 'Object', 'None', or empty").message}`);
}
