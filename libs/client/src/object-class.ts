import { apiVersionOf, type KubeObject, type ResourceType } from '@navarch/api';
import { changev1, type objectv1 } from '@navarch/proto';
import type { InformerOptions, NamespacedName } from './types';

export function resourceKey({ group, version, resource }: ResourceType<unknown>): objectv1.ResourceKey {
  return { group, version, resource };
}

export function objectKey(type: ResourceType<unknown>, { namespace, name }: NamespacedName): objectv1.ObjectKey {
  return { resource: resourceKey(type), namespace: type.namespaced ? namespace : '', name };
}

/**
 * Reads one object as the API serves it; items of lists may come without apiVersion and kind. Without its managedFields, which would be
 * half of what is kept of it: as upstream's components, ours have no use for them, and who writes an object without them changes nothing
 * of what the apiserver knows of its owners.
 */
export function parseObject<T extends KubeObject>(type: ResourceType<T>, json: Buffer): T {
  const object = JSON.parse(json.toString('utf8')) as T;
  object.apiVersion ??= apiVersionOf(type);
  object.kind ??= type.kind;
  // A Status has no metadata. Not deleted: that would make a slow dictionary of it.
  const metadata = object.metadata as { managedFields?: unknown } | undefined;
  if (metadata?.managedFields !== undefined) metadata.managedFields = undefined;
  return object;
}

export const jsonBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), 'utf8');

/** What an informer follows: a resource, or for pods those of one node, whole or as metadata only. */
export class FollowedClass<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly node: string | undefined;
  readonly metadataOnly: boolean;

  constructor(type: ResourceType<T>, options: Pick<InformerOptions<T>, 'node' | 'metadataOnly'>) {
    this.type = type;
    this.node = options.node;
    this.metadataOnly = options.metadataOnly ?? false;
  }

  request(): Omit<objectv1.SnapshotRequest, 'notOlderThan'> {
    return { class: { resource: resourceKey(this.type), node: this.node ?? '' }, namespace: '', labelSelector: '', fieldSelector: '' };
  }

  contains(object: T): boolean {
    return this.node === undefined || (object as { spec?: { nodeName?: string } }).spec?.nodeName === this.node;
  }

  /** Whether a change carries all that is kept of an object. */
  isComplete({ completeness }: changev1.Change): boolean {
    return completeness === changev1.Completeness.FULL || (this.metadataOnly && completeness === changev1.Completeness.METADATA);
  }

  parse(json: Buffer): T {
    return this.keep(parseObject(this.type, json));
  }

  /** The part of an object that is kept. */
  keep(object: T): T {
    if (!this.metadataOnly) return object;
    return { apiVersion: apiVersionOf(this.type), kind: this.type.kind, metadata: object.metadata } as T;
  }
}
