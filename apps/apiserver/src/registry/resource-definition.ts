import type { KubeObject } from '@navarch/api';
import type { Strategy } from './strategy';

/** How much of an object a change on NATS carries (rules 3.7). */
export type PublishedBody = 'full' | 'metadata' | 'key';

/** Graceful deletion, for kinds that have it. */
export interface GracefulDeletion {
  /** Seconds to wait, given what the client asked; undefined: delete at once. */
  gracePeriodSeconds(object: KubeObject, asked: number | undefined): number | undefined;
}

/** One resource in its storage version: all that the generic registry needs to know of it. */
export interface ResourceDefinition {
  /** Empty for core. */
  readonly group: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** The version objects are stored and cached in. */
  readonly storageVersion: string;
  readonly strategy: Strategy;
  /** Of subresources that are another view of the same object: `status`, `approval`, `finalize`, `resize`, `ephemeralcontainers`. */
  readonly subresourceStrategies: Readonly<Record<string, Strategy>>;
  readonly publish: PublishedBody;
  readonly graceful?: GracefulDeletion;
  /** A delete has to wait: what else that means for the object (a Namespace is Terminating). May change it. */
  onDeletionMarked?(object: KubeObject): void;
  /** PUT to a name that does not exist creates it. */
  readonly createOnUpdate: boolean;
  /** An update may leave out the resourceVersion. */
  readonly unconditionalUpdate: boolean;
  /** DELETE answers the object, not a Status. */
  readonly returnsDeleted: boolean;
  /** What happens to dependents when the client does not say. */
  readonly defaultPropagation: 'Background' | 'Orphan';
  /** Objects vanish after this many seconds (Events). */
  readonly ttlSeconds?: number;
}
