import type { KubeObject } from '@navarch/api';
import { badRequest, type FieldSelector, parseFieldSelector, parseLabelSelector, type Selector } from '@navarch/apimachinery';
import type { CachedObject } from '@navarch/storage';
import type { Cached } from './resource-store';
import type { SelectableFields } from './selectable-fields';

/** What fields say in a version whose fields are not those of the stored one, which the cache keeps. */
export interface FieldReader {
  /** To be awaited before objects are matched, where somebody else converts them. */
  prepare(objects: readonly Cached[]): Promise<void> | undefined;
  valuesOf(object: Cached): Readonly<Record<string, string>>;
}

/** The same in every version. */
const IDENTITY = new Set(['metadata.name', 'metadata.namespace']);

/** Label and field selectors of one request. */
export class Selection {
  static readonly everything = new Selection(undefined, undefined, undefined);

  private constructor(
    readonly labels: Selector | undefined,
    readonly fields: FieldSelector | undefined,
    private readonly reader: FieldReader | undefined,
  ) {}

  /** @throws badRequest for a selector that does not parse or a field the kind does not have */
  static of(labelSelector: string, fieldSelector: string, supported: SelectableFields, reader?: FieldReader): Selection {
    if (labelSelector === '' && fieldSelector === '') return Selection.everything;
    const labels = labelSelector === '' ? undefined : parseLabelSelector(labelSelector);
    const fields = fieldSelector === '' ? undefined : parseFieldSelector(fieldSelector);
    const requirements = fields?.requirements ?? [];
    for (const { field } of requirements) if (!supported.supports(field)) throw badRequest(supported.refusal(field));
    const isRead = requirements.some(({ field }) => !IDENTITY.has(field));
    return new Selection(labels?.empty === true ? undefined : labels, fields?.empty === true ? undefined : fields, isRead ? reader : undefined);
  }

  get isEverything(): boolean {
    return this.labels === undefined && this.fields === undefined;
  }

  /** The one name that is asked for, if it is. */
  get name(): string | undefined {
    return this.fields?.requiresExactMatch('metadata.name');
  }

  /** The one node whose pods are asked for. */
  get node(): string | undefined {
    return this.fields?.requiresExactMatch('spec.nodeName') ?? undefined;
  }

  /** To be awaited before `matches`, where there is any. */
  get prepare(): FieldReader['prepare'] | undefined {
    const { reader } = this;
    return reader && ((objects) => reader.prepare(objects));
  }

  matches(object: CachedObject<KubeObject>): boolean {
    if (this.labels === undefined && this.fields === undefined) return true;
    const { labels, fields } = object.description;
    if (this.labels !== undefined && !this.labels.matches(labels)) return false;
    if (this.fields === undefined) return true;
    const values = this.reader?.valuesOf(object) ?? fields;
    return this.fields.matches((name) => values[name] ?? '');
  }

  /** Two selections with the same text select the same. */
  toString(): string {
    return `${this.labels?.toString() ?? ''}\n${this.fields?.toString() ?? ''}`;
  }
}
