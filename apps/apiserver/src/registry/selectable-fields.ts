import { type KubeObject, selectableFields, unknownFieldMessage } from '@navarch/api';

type Reader = (object: KubeObject) => string;

/** The fields that a resource's field selectors may name, and how to read them from the stored object. */
export class SelectableFields {
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

  /** The text of the 400 for a field that is not supported. */
  refusal(name: string): string {
    if (this.custom) return `field label not supported: ${name}`;
    return unknownFieldMessage(this.group, this.resource, name);
  }
}
