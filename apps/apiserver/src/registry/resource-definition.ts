import type { KubeObject, PublishedBody, ResourceSemantics, Strategy } from '@navarch/api';
import type { FieldError } from '@navarch/apimachinery';

/** Tells stored bytes of several schemas apart. */
export interface StoredForm {
  /** Recorded with what is written. */
  readonly generation: number;
  /** Brings what another schema has written up to date. */
  upgrade(json: Buffer, generation: number): Buffer;
  /** Whether a write that changes nothing is still to be done, so that the old form goes. */
  isOutdated(generation: number): boolean;
}

/** What is wrong with an object besides what its kind's own rules say: expressions and schemas in it, that libraries of their own know to check. */
export type FurtherRule = (object: KubeObject, old: KubeObject | undefined) => FieldError[];
/**
 * One that may go to another thread. `requested` is the version that the client writes, absent for what the apiserver writes itself;
 * `warn` tells the client of what is let be.
 */
export type CostlyRule = (object: KubeObject, old: KubeObject | undefined, requested: string | undefined, warn: (text: string) => void) => FieldError[] | Promise<FieldError[]>;

/** One resource in its storage version: all that the generic registry needs to know of it. */
export interface ResourceDefinition extends ResourceSemantics {
  /** Empty for core. */
  readonly group: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly publish: PublishedBody;
  /** By group: rules of those other groups that serve the same objects, for objects of the storage version. */
  readonly strategiesElsewhere?: Readonly<Record<string, Strategy>>;
  /** Fields besides name and namespace that selectors may name; those of the tables unless given. */
  readonly selectable?: Readonly<Record<string, (object: KubeObject) => string>>;
  /** By what is written: '' for the object, else the subresource. The kind's own rules come first: what they refuse is not looked into. */
  readonly further?: Readonly<Record<string, CostlyRule>>;
  /** For kinds whose schema may change: what the stored bytes were written by. */
  readonly storedForm?: StoredForm;
}
