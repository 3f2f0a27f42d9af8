import type { FieldGate, KubeObject } from '@navarch/api';
import { type GroupResource, parseJsonBytes } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { CachedObject, ResourceCache, Store, WatchCache } from '@navarch/storage';
import type { AdmissionChain } from '../pipeline';
import type { Offload } from '../offload/offloaded-work';
import type { Companions } from './companions';
import type { FieldManager } from './field-manager';
import { KeyLock } from './key-lock';
import { objectKey, resourcePrefix } from './keys';
import type { ResourceDefinition } from './resource-definition';
import { SelectableFields } from './selectable-fields';

export type Cached = CachedObject<KubeObject>;

/** What all resources share. */
export interface RegistryDeps {
  readonly store: Store;
  readonly cache: WatchCache;
  readonly clock: Clock;
  readonly log: Logger;
  readonly admission: AdmissionChain;
  /** Does what takes long on large objects. */
  readonly offload: Offload;
  /** Which feature gates are open; absent: all. */
  readonly isOpen?: (gate: FieldGate) => boolean;
}

/** One resource: where its objects are, and what is known of it. The verbs are in the files beside. */
export class ResourceStore {
  readonly prefix: string;
  readonly apiVersion: string;
  readonly groupResource: GroupResource;
  readonly fields: SelectableFields;
  readonly objects: ResourceCache<KubeObject>;
  readonly locks = new KeyLock();
  /** Set by the composition for kinds with claims in other keys. */
  companions: Companions | undefined;
  /** Set for kinds whose writes are counted: told of each update once it is stored. */
  updated: ((object: KubeObject, old: KubeObject, subresource: string) => void) | undefined;
  /** Set for kinds whose stored versions are converted by others: an object as it is in the storage version. */
  settled: ((object: Cached) => Promise<KubeObject>) | undefined;

  /** Set for kinds that are looked up whenever they are asked for, and never stored. */
  lookedUp: (() => Promise<KubeObject[]>) | undefined;

  constructor(
    readonly definition: ResourceDefinition,
    readonly deps: RegistryDeps,
    readonly fieldManager: FieldManager,
    /** The stored form of an object of the storage version, in schema order (rules 5.1, 5.4). */
    readonly encode: (object: KubeObject) => Buffer,
  ) {
    const { group, resource, namespaced, storageVersion, kind, storedForm } = definition;
    this.prefix = resourcePrefix(group, resource);
    this.apiVersion = group === '' ? storageVersion : `${group}/${storageVersion}`;
    this.groupResource = { group, resource };
    const fields = new SelectableFields(group, resource, namespaced, definition.selectable);
    this.fields = fields;
    const hasNodes = group === '' && resource === 'pods';
    this.objects = deps.cache.register<KubeObject>({
      prefix: this.prefix,
      apiVersion: this.apiVersion,
      kind,
      hasNodes,
      // Whole numbers of 64 bits stay as they are.
      decode: (json: Buffer) => parseJsonBytes(json) as unknown as KubeObject,
      ...(storedForm
        ? {
            schemaGeneration: Number.MAX_SAFE_INTEGER,
            upgrade: (json: Buffer, generation: number) => (generation === storedForm.generation ? json : storedForm.upgrade(json, generation)),
          }
        : {}),
      describe: (object) => {
        const values = fields.of(object as KubeObject);
        const node = hasNodes ? values['spec.nodeName'] : '';
        return { uid: object.metadata.uid ?? '', labels: object.metadata.labels ?? {}, fields: values, node: node === '' ? undefined : node };
      },
    });
  }

  key(namespace: string, name: string): string {
    return objectKey(this.prefix, namespace, name);
  }
}
