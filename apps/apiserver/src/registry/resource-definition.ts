import type { ResourceSemantics } from '@navarch/api';

/** How much of an object a change on NATS carries (rules 3.7). */
export type PublishedBody = 'full' | 'metadata' | 'key';

/** One resource in its storage version: all that the generic registry needs to know of it. */
export interface ResourceDefinition extends ResourceSemantics {
  /** Empty for core. */
  readonly group: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly publish: PublishedBody;
}
