import type { KubeObject, ResourceSemantics } from '@navarch/api';

/** How much of an object a change on NATS carries (rules 3.7). */
export type PublishedBody = 'full' | 'metadata' | 'key';

/** Tells stored bytes of several schemas apart. */
export interface StoredForm {
  /** Recorded with what is written. */
  readonly generation: number;
  /** Brings what another schema has written up to date. */
  upgrade(json: Buffer, generation: number): Buffer;
  /** Whether a write that changes nothing is still to be done, so that the old form goes. */
  isOutdated(generation: number): boolean;
}

/** One resource in its storage version: all that the generic registry needs to know of it. */
export interface ResourceDefinition extends ResourceSemantics {
  /** Empty for core. */
  readonly group: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly publish: PublishedBody;
  /** Fields besides name and namespace that selectors may name; those of the tables unless given. */
  readonly selectable?: Readonly<Record<string, (object: KubeObject) => string>>;
  /** For kinds whose schema may change: what the stored bytes were written by. */
  readonly storedForm?: StoredForm;
}
