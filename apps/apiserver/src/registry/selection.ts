import type { KubeObject } from '@navarch/api';
import { badRequest, type FieldSelector, parseFieldSelector, parseLabelSelector, type Selector } from '@navarch/apimachinery';
import type { CachedObject } from '@navarch/storage';
import type { FieldSource } from './selectable-fields';

/** The same in every version, so that nobody has to convert an object for them. */
const IDENTITY = new Set(['metadata.name', 'metadata.namespace']);

/** Label and field selectors of one request. */
export class Selection {
  static readonly everything = new Selection(undefined, undefined, undefined);

  private constructor(
    readonly labels: Selector | undefined,
    readonly fields: FieldSelector | undefined,
    /** Undefined where what the cache keeps of an object serves. */
    private readonly source: FieldSource | undefined,
  ) {}

  /** @throws badRequest for a selector that does not parse or a field the kind does not have */
  static of(labelSelector: string, fieldSelector: string, source: FieldSource): Selection {
    if (labelSelector === '' && fieldSelector === '') return Selection.everything;
    const labels = labelSelector === '' ? undefined : parseLabelSelector(labelSelector);
    const fields = fieldSelector === '' ? undefined : parseFieldSelector(fieldSelector);
    const requirements = fields?.requirements ?? [];
    for (const { field } of requirements) if (!source.supports(field)) throw badRequest(source.refusal(field));
    return new Selection(labels?.empty === true ? undefined : labels, fields?.empty === true ? undefined : fields, requirements.some(({ field }) => !IDENTITY.has(field)) ? source : undefined);
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
    return source?.prepare ? (objects) => source.prepare?.(objects) : undefined;
  }

  matches(object: CachedObject<KubeObject>): boolean {
    if (this.labels === undefined && this.fields === undefined) return true;
    if (this.labels !== undefined && !this.labels.matches(object.description.labels)) return false;
    if (this.fields === undefined) return true;
    const values = this.source?.valuesOf(object) ?? object.description.fields;
    return this.fields.matches((name) => values[name] ?? '');
  }

  /** Two selections with the same text select the same. */
  toString(): string {
    return `${this.labels?.toString() ?? ''}\n${this.fields?.toString() ?? ''}`;
  }
}
