import { type KubeObject, selectableFields, unknownFieldMessage } from '@navarch/api';
import type { CachedObject } from '@navarch/storage';

type Reader = (object: KubeObject) => string;
type Cached = CachedObject<KubeObject>;

/** Where field selectors get the fields of a resource from, as one version has them. */
export interface FieldSource {
  supports(name: string): boolean;
  /** The text of the 400 for a field that is not supported. */
  refusal(name: string): string;
  valuesOf(object: Cached): Readonly<Record<string, string>>;
  /** To be awaited before `valuesOf`, where somebody else converts the objects. @throws ApiError */
  prepare?(objects: readonly Cached[]): Promise<void> | undefined;
}

/** The fields that a resource's field selectors may name, and how to read them from the stored object. */
export class SelectableFields implements FieldSource {
  private readonly readers: readonly (readonly [name: string, read: Reader])[];
  private readonly names: ReadonlySet<string>;

  constructor(
    private readonly group: string,
    private readonly resource: string,
    namespaced: boolean,
    private readonly custom?: Readonly<Record<string, Reader>>,
  ) {
    // Events are served by two groups from one store, under different field names.
    const fields = custom
      ? { ...selectableFields(group, resource), ...custom }
      : group === '' && resource === 'events'
        ? { ...selectableFields('events.k8s.io', resource), ...selectableFields(group, resource) }
        : selectableFields(group, resource);
    this.names = new Set(Object.keys(fields));
    this.readers = Object.entries(fields).filter(([name]) => namespaced || name !== 'metadata.namespace');
  }

  supports(name: string): boolean {
    return this.names.has(name);
  }

  /** All values of an object, for the cache to keep. */
  of(object: KubeObject): Record<string, string> {
    const values: Record<string, string> = {};
    for (const [name, read] of this.readers) values[name] = read(object);
    return values;
  }

  valuesOf(object: Cached): Readonly<Record<string, string>> {
    return object.description.fields;
  }

  refusal(name: string): string {
    if (this.custom) return `field label not supported: ${name}`;
    return unknownFieldMessage(this.group, this.resource, name);
  }
}
