import type { KubeObject } from '@navarch/api';
import type { Cached } from './resource-store';
import type { FieldSource, SelectableFields } from './selectable-fields';

/** What of a served version the fields are read from. */
interface Shown {
  prepare(objects: readonly Cached[]): Promise<void> | undefined;
  object(object: Cached): KubeObject;
}

/**
 * The fields of a version that names others than the stored one does: they are read from the object as this version shows it, after
 * its conversion, as upstream does it whose every version has a store of its own.
 */
export class VersionFields implements FieldSource {
  private readonly read = new WeakMap<Cached, Readonly<Record<string, string>>>();

  constructor(private readonly fields: SelectableFields, private readonly shown: Shown) {}

  supports(name: string): boolean {
    return this.fields.supports(name);
  }

  refusal(name: string): string {
    return this.fields.refusal(name);
  }

  prepare(objects: readonly Cached[]): Promise<void> | undefined {
    return this.shown.prepare(objects);
  }

  valuesOf(object: Cached): Readonly<Record<string, string>> {
    let values = this.read.get(object);
    if (!values) {
      values = this.fields.of(this.shown.object(object));
      this.read.set(object, values);
    }
    return values;
  }
}
