import type { KubeObject } from '@navarch/api';
import { badRequest, type FieldSelector, parseFieldSelector, parseLabelSelector, type Selector } from '@navarch/apimachinery';
import type { CachedObject } from '@navarch/storage';
import type { FieldSource } from './selectable-fields';

/** Label and field selectors of one request. */
export class Selection {
  static readonly everything = new Selection(undefined, undefined, undefined);

  private constructor(
    readonly labels: Selector | undefined,
    readonly fields: FieldSelector | undefined,
    private readonly source: FieldSource | undefined,
  ) {}

  /** @throws badRequest for a selector that does not parse or a field the kind does not have */
  static of(labelSelector: string, fieldSelector: string, source: FieldSource): Selection {
    if (labelSelector === '' && fieldSelector === '') return Selection.everything;
    const labels = labelSelector === '' ? undefined : parseLabelSelector(labelSelector);
    const fields = fieldSelector === '' ? undefined : parseFieldSelector(fieldSelector);
    for (const { field } of fields?.requirements ?? []) if (!source.supports(field)) throw badRequest(source.refusal(field));
    return new Selection(labels?.empty === true ? undefined : labels, fields?.empty === true ? undefined : fields, source);
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

  /** To be awaited before `matches` for objects whose fields somebody else has to convert; undefined where there is nothing to wait for. */
  get prepare(): ((objects: readonly CachedObject<KubeObject>[]) => Promise<void> | undefined) | undefined {
    const { source } = this;
    return this.fields === undefined || !source?.prepare ? undefined : (objects) => source.prepare?.(objects);
  }

  matches(object: CachedObject<KubeObject>): boolean {
    if (this.labels === undefined && this.fields === undefined) return true;
    if (this.labels !== undefined && !this.labels.matches(object.description.labels)) return false;
    if (this.fields === undefined) return true;
    const values = this.source?.valuesOf(object) ?? {};
    return this.fields.matches((name) => values[name] ?? '');
  }

  /** Two selections with the same text select the same. */
  toString(): string {
    return `${this.labels?.toString() ?? ''}\n${this.fields?.toString() ?? ''}`;
  }
}
