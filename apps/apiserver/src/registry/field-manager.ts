import type { KubeObject } from '@navarch/api';
import { type IgnoredFields, ignoredFieldsOf, type JsonObject, type ResetFields, type StructType, trackedManagers } from '@navarch/apimachinery';
import { isLarge } from '../offload/is-large';
import type { KindSource } from '../offload/kind-source';
import type { Offload } from '../offload/offloaded-work';
import { pack } from '../offload/packed-json';

/** Fields outside of what any subresource writes. */
const COMMON = new Set(['apiVersion', 'kind', 'metadata']);

/** Keeps managedFields of one resource's objects: who owns which field. */
export class FieldManager {
  private readonly ignored = new Map<string, IgnoredFields>();

  constructor(
    private readonly type: StructType,
    private readonly apiVersion: string,
    private readonly hasStatus: boolean,
    private readonly source: KindSource,
    private readonly offload: Offload,
    /** By subresource: what it resets, where the general rule does not hold. */
    private readonly resets: Readonly<Record<string, ResetFields>> = {},
  ) {}

  /** Records a create or update by a manager; changes the object's metadata. Large objects take a while, and another thread. */
  track(object: KubeObject, live: KubeObject | undefined, manager: string, subresource: string, now: number): Promise<void> | undefined {
    const { apiVersion } = this;
    if (isLarge(object)) {
      const tracking = this.offload.run('track', { kind: this.source, live: live && pack(live), next: pack(object), manager, apiVersion, subresource, now, reset: this.resetBy(subresource) });
      return tracking.then((managedFields) => setManagedFields(object, managedFields as ManagedFields));
    }
    const managers = trackedManagers({
      live: live as JsonObject | undefined,
      next: object as unknown as JsonObject,
      type: this.type,
      manager,
      apiVersion,
      subresource,
      now,
      ignored: this.ignoredBy(subresource),
    });
    setManagedFields(object, managers);
    return undefined;
  }

  /** The dotted names of what an endpoint resets: status at the object itself, all else at `status`. */
  resetBy(subresource: string): ResetFields {
    const own = this.resets[subresource];
    if (own) return own;
    if (subresource !== 'status') return this.hasStatus ? ['status'] : [];
    return [...this.type.fields.keys()].filter((name) => !COMMON.has(name) && name !== 'status');
  }

  /** The same, so that nobody owns it through that endpoint. */
  ignoredBy(subresource: string): IgnoredFields {
    let set = this.ignored.get(subresource);
    if (!set) {
      set = ignoredFieldsOf(this.resetBy(subresource));
      this.ignored.set(subresource, set);
    }
    return set;
  }
}

type ManagedFields = KubeObject['metadata']['managedFields'];

function setManagedFields({ metadata }: KubeObject, managedFields: ManagedFields): void {
  if (managedFields === undefined || managedFields.length === 0) delete metadata.managedFields;
  else metadata.managedFields = managedFields;
}
