import type { KubeObject } from '@navarch/api';
import { badRequest, type FieldSelector, parseFieldSelector, parseLabelSelector, type Selector } from '@navarch/apimachinery';
import type { CachedObject } from '@navarch/storage';
import type { SelectableFields } from './selectable-fields';

/** Label and field selectors of one request. */
export class Selection {
  static readonly everything = new Selection(undefined, undefined);

  private constructor(
    readonly labels: Selector | undefined,
    readonly fields: FieldSelector | undefined,
  ) {}

  /** @throws badRequest for a selector that does not parse or a field the kind does not have */
  static of(labelSelector: string, fieldSelector: string, supported: SelectableFields): Selection {
    if (labelSelector === '' && fieldSelector === '') return Selection.everything;
    const labels = labelSelector === '' ? undefined : parseLabelSelector(labelSelector);
    const fields = fieldSelector === '' ? undefined : parseFieldSelector(fieldSelector);
    for (const { field } of fields?.requirements ?? []) if (!supported.supports(field)) throw badRequest(supported.refusal(field));
    return new Selection(labels?.empty === true ? undefined : labels, fields?.empty === true ? undefined : fields);
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

  matches(object: CachedObject<KubeObject>): boolean {
    if (this.labels === undefined && this.fields === undefined) return true;
    const { labels, fields } = object.description;
    if (this.labels !== undefined && !this.labels.matches(labels)) return false;
    return this.fields === undefined || this.fields.matches((name) => fields[name] ?? '');
  }

  /** Two selections with the same text select the same. */
  toString(): string {
    return `${this.labels?.toString() ?? ''}\n${this.fields?.toString() ?? ''}`;
  }
}
