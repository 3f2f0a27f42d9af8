import type { ResetFields } from '@navarch/apimachinery';
import type { KubeObject } from '../kube-object';
import { semanticEqual } from '../support/semantic-equal';
import { type KindValidation } from '../validation/kind-validation';
import { dropGatedFields, type GatedField } from './gated-fields';
import { type ResourceSemantics, type Strategy, type StrategyContext } from './types';

/** An object whose parts the generic rules move about. */
export type Parts = KubeObject & Record<string, unknown>;

/** What is particular about a kind; the rest follows from it. */
export interface KindRules<T extends object = Parts> {
  /** The status of a new object. Present: clients cannot write the status with the object, and what is stored stays. */
  readonly initialStatus?: (object: T, context: StrategyContext) => object;
  /** With a generation: whether a change is one of intent, so that the generation counts on. */
  readonly generation?: (object: T, old: T) => boolean;
  readonly onCreate?: (object: T, context: StrategyContext) => void;
  readonly onUpdate?: (object: T, old: T, context: StrategyContext) => void;
  readonly onStatusUpdate?: (object: T, old: T, context: StrategyContext) => void;
  /** Views other than `status`. */
  readonly subresources?: Readonly<Record<string, (object: T, old: T, context: StrategyContext) => void>>;
  /** By subresource: dotted fields that it leaves as they were, where these are not all but the status. */
  readonly resets?: Readonly<Record<string, ResetFields>>;
  readonly createOnUpdate?: boolean;
  readonly conditionalUpdate?: boolean;
  readonly returnsDeleted?: boolean;
  readonly defaultPropagation?: 'Orphan' | 'Unsupported';
  readonly undecidedDeletion?: string;
  readonly gracePeriodSeconds?: (object: T, asked: number | undefined) => number | undefined;
  readonly onDeletionMarked?: (object: T, nowMs: number) => void;
  readonly deletionFinalizer?: string;
  readonly ttlSeconds?: number;
}

/** Forgets the type of the object, as the registry hands each rule objects of its own kind. */
export function kindRules<T extends object>(rules: KindRules<T>): KindRules {
  return rules as unknown as KindRules;
}

/** A change of spec is one of intent. */
export const specChanged = (object: object, old: object): boolean =>
  !semanticEqual((object as { spec?: unknown }).spec, (old as { spec?: unknown }).spec);

/** So is any change outside of the metadata. */
export function contentChanged(object: object, old: object): boolean {
  return !semanticEqual({ ...object, metadata: undefined }, { ...old, metadata: undefined });
}

/** Takes a field over from the old object, or takes it away. */
export function keepField(object: object, old: object, field: string): void {
  const target = object as Record<string, unknown>;
  const value = (old as Record<string, unknown>)[field];
  if (value === undefined) delete target[field];
  else target[field] = value;
}

/** What a client can say of an object's metadata stays as it was: upstream's ResetObjectMetaForStatus. */
export function keepMetadata({ metadata }: { readonly metadata: object }, old: { readonly metadata: object }): void {
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences']) keepField(metadata, old.metadata, field);
}

/** For kinds whose status cannot change the metadata: nobody owns any through it. */
export const statusOnly: Pick<KindRules, 'onStatusUpdate' | 'resets'> = {
  onStatusUpdate: (object, old) => keepMetadata(object, old),
  resets: { status: ['metadata', 'spec'] },
};

/** Everything but metadata and status stays as it was. */
export function keepAllButStatus(object: object, old: object): void {
  for (const field of new Set([...Object.keys(object), ...Object.keys(old)]))
    if (!['apiVersion', 'kind', 'metadata', 'status'].includes(field)) keepField(object, old, field);
}

function countGeneration(object: Parts, old: Parts, changed: boolean): void {
  const { generation = 0 } = old.metadata;
  if (changed) object.metadata.generation = generation + 1;
}

/** Takes away what closed feature gates do not let in. */
type Sieve = (object: object, old: object | undefined, context: StrategyContext) => void;

function mainStrategy(rules: KindRules, validation: KindValidation | undefined, sieve: Sieve): Strategy {
  const { initialStatus, generation, onCreate, onUpdate } = rules;
  return {
    validate: (object, context) => validation?.create(object, context) ?? [],
    validateUpdate: (object, old, context) => validation?.update(object, old, context) ?? [],
    warnings: (object, old) => validation?.warnings(object, old) ?? [],
    prepareForCreate(object, context) {
      const parts = object as Parts;
      if (generation !== undefined) parts.metadata.generation = 1;
      sieve(parts, undefined, context);
      onCreate?.(parts, context);
      if (initialStatus !== undefined) parts['status'] = initialStatus(parts, context);
    },
    prepareForUpdate(object, old, context) {
      const [parts, before] = [object as Parts, old as Parts];
      if (initialStatus !== undefined) keepField(parts, before, 'status');
      sieve(parts, before, context);
      onUpdate?.(parts, before, context);
      if (generation !== undefined) countGeneration(parts, before, generation(parts, before));
    },
  };
}

/** Puts together how a resource behaves. */
export function semanticsOf(rules: KindRules, storageVersion: string, hasStatus: boolean, validation: KindValidation | undefined, gated: readonly GatedField[]): ResourceSemantics {
  const sieve: Sieve = (object, old, { isOpen }) => isOpen && dropGatedFields(gated, object, old, isOpen);
  const subresources: Record<string, Strategy> = {};
  for (const [name, prepare] of Object.entries(rules.subresources ?? {}))
    subresources[name] = {
      prepareForUpdate(object, old, context) {
        prepare(object as Parts, old as Parts, context);
        sieve(object, old, context);
      },
      validateUpdate: (object, old, context) => (validation?.views[name]?.(object, old, context) ?? validation?.update(object, old, context)) ?? [],
    };
  if (hasStatus)
    subresources['status'] = {
      prepareForUpdate(object, old, context) {
        keepAllButStatus(object, old);
        sieve(object, old, context);
        rules.onStatusUpdate?.(object as Parts, old as Parts, context);
      },
      validateUpdate: (object, old, context) => validation?.statusUpdate(object, old, context) ?? [],
      warnings: (object) => validation?.statusWarnings(object) ?? [],
    };
  const { gracePeriodSeconds, onDeletionMarked, ttlSeconds } = rules;
  return {
    storageVersion,
    strategy: mainStrategy(rules, validation, sieve),
    subresources,
    ...(rules.resets === undefined ? {} : { resets: rules.resets }),
    createOnUpdate: rules.createOnUpdate ?? false,
    unconditionalUpdate: !(rules.conditionalUpdate ?? false),
    returnsDeleted: rules.returnsDeleted ?? false,
    defaultPropagation: rules.defaultPropagation ?? 'Background',
    ...(rules.undecidedDeletion === undefined ? {} : { undecidedDeletion: rules.undecidedDeletion }),
    ...(gracePeriodSeconds ? { gracePeriodSeconds: (object: KubeObject, asked: number | undefined) => gracePeriodSeconds(object as Parts, asked) } : {}),
    ...(onDeletionMarked ? { onDeletionMarked: (object: KubeObject, nowMs: number) => onDeletionMarked(object as Parts, nowMs) } : {}),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    ...(rules.deletionFinalizer === undefined ? {} : { deletionFinalizer: rules.deletionFinalizer }),
  };
}
