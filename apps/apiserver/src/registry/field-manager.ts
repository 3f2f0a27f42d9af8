import type { KubeObject } from '@navarch/api';
import { type FieldSet, fieldSetOf, type JsonObject, type StructType, trackUpdate } from '@navarch/apimachinery';

/** Fields outside of what any subresource writes. */
const COMMON = new Set(['apiVersion', 'kind', 'metadata']);

/** Keeps managedFields of one resource's objects: who owns which field. */
export class FieldManager {
  private readonly ignored = new Map<string, FieldSet>();

  constructor(
    private readonly type: StructType,
    private readonly apiVersion: string,
    private readonly hasStatus: boolean,
  ) {}

  /** Records a create or update by a manager; changes the object's metadata. */
  track(object: KubeObject, live: KubeObject | undefined, manager: string, subresource: string, now: number): void {
    const tracked = trackUpdate({
      live: live as JsonObject | undefined,
      next: object as unknown as JsonObject,
      type: this.type,
      manager,
      apiVersion: this.apiVersion,
      subresource,
      now,
      ignored: this.ignoredBy(subresource),
    });
    const { managedFields } = (tracked as unknown as KubeObject).metadata;
    if (managedFields === undefined) delete object.metadata.managedFields;
    else object.metadata.managedFields = managedFields;
  }

  /** What an endpoint resets, so that nobody owns it through it: status at the object itself, all else at `status`. */
  ignoredBy(subresource: string): FieldSet {
    let set = this.ignored.get(subresource);
    if (!set) {
      const names = [...this.type.fields.keys()].filter((name) => !COMMON.has(name));
      const reset = subresource === 'status' ? names.filter((name) => name !== 'status') : this.hasStatus ? ['status'] : [];
      set = fieldSetOf(...reset);
      this.ignored.set(subresource, set);
    }
    return set;
  }
}
