import { type FieldError, FieldPath, type NameRule, subdomainName, validateObjectMeta, validateObjectMetaUpdate, type ValidatedMeta } from '@navarch/apimachinery';
import type { KubeObject } from '../kube-object';
import type { FieldGate } from '../strategy/gated-fields';
import { list } from '../support/list';
import { qualifiedFinalizer } from './finalizers';

/** What validation may know of the request. */
export interface ValidationContext {
  readonly nowMs: number;
  /** Whether a feature gate is open; absent: all are. */
  readonly isOpen?: ((gate: FieldGate) => boolean) | undefined;
}

/** The part of it that the rules of pods ask for. */
export type Gates = Pick<ValidationContext, 'isOpen'>;

/** Rules of a kind: what is wrong with an object, in upstream's words; nothing means valid. Objects are defaulted. */
export interface KindValidation {
  create(object: KubeObject, context: ValidationContext): FieldError[];
  update(object: KubeObject, old: KubeObject, context: ValidationContext): FieldError[];
  /** Through the `status` view. */
  statusUpdate(object: KubeObject, old: KubeObject, context: ValidationContext): FieldError[];
  /** Other views. */
  readonly views: Readonly<Record<string, (object: KubeObject, old: KubeObject, context: ValidationContext) => FieldError[]>>;
  /** What is allowed and still worth a word to the client. */
  warnings(object: KubeObject, old: KubeObject | undefined): string[];
  /** The same of what is written through the `status` view. */
  statusWarnings(object: KubeObject): string[];
}

/** The parts of a kind's validation that are its own; metadata is checked for all. */
export interface ContentRules<T extends object = KubeObject> {
  /** What a name must look like; most are DNS subdomains. */
  readonly name?: NameRule;
  /** What is wrong with the whole object. `old` is the object that an update replaces: what it already had may be tolerated. */
  readonly content?: (object: T, old: T | undefined, context: ValidationContext) => FieldError[];
  /** What may not change in this way. */
  readonly change?: (object: T, old: T, context: ValidationContext) => FieldError[];
  readonly status?: (object: T, old: T, context: ValidationContext) => FieldError[];
  readonly views?: Readonly<Record<string, (object: T, old: T, context: ValidationContext) => FieldError[]>>;
  readonly warnings?: (object: T, old: T | undefined) => string[];
  readonly statusWarnings?: (object: T) => string[];
}

/** Forgets the type of the object, as the registry hands each rule objects of its own kind. */
export function contentRules<T extends object>(rules: ContentRules<T>): ContentRules {
  return rules as unknown as ContentRules;
}

const metadataPath = FieldPath.of('metadata');

/** Metadata with what may be missing in a list of owners filled in. */
function metaOf({ metadata }: KubeObject): ValidatedMeta {
  if (metadata.ownerReferences === undefined) return metadata;
  const ownerReferences = list(metadata.ownerReferences).map((owner) => ({ ...{ apiVersion: '', kind: '', name: '', uid: '' }, ...owner }));
  return { ...metadata, ownerReferences };
}

/** What is wrong with metadata, of an object that replaces `old`. */
function metaFaults(object: KubeObject, old: KubeObject | undefined, { namespaced, name, qualified }: MetaRules): FieldError[] {
  const meta = metaOf(object);
  const found = old === undefined ? validateObjectMeta(meta, namespaced, name, metadataPath) : validateObjectMetaUpdate(meta, metaOf(old), metadataPath);
  if (qualified) list(meta.finalizers).forEach((finalizer, i) => qualifiedFinalizer(finalizer, metadataPath.child('finalizers').index(i), found));
  return found;
}

interface MetaRules {
  readonly namespaced: boolean;
  readonly name: NameRule;
  /** Whether finalizers must say whose they are. */
  readonly qualified: boolean;
}

export function kindValidation(rules: ContentRules, { namespaced, qualified }: Omit<MetaRules, 'name'>): KindValidation {
  const { name = subdomainName, content, change, status, views = {}, warnings, statusWarnings } = rules;
  const meta = { namespaced, name, qualified };
  const metaUpdate = (object: KubeObject, old: KubeObject): FieldError[] => metaFaults(object, old, meta);
  return {
    create: (object, context) => [
      ...metaFaults(object, undefined, meta),
      ...(content?.(object, undefined, context) ?? []),
    ],
    update: (object, old, context) => [
      ...metaUpdate(object, old),
      ...(content?.(object, old, context) ?? []),
      ...(change?.(object, old, context) ?? []),
    ],
    warnings: (object, old) => warnings?.(object, old) ?? [],
    statusWarnings: (object) => statusWarnings?.(object) ?? [],
    statusUpdate: (object, old, context) => [...metaUpdate(object, old), ...(status?.(object, old, context) ?? [])],
    views: Object.fromEntries(
      Object.entries(views).map(([view, check]) => [view, (object: KubeObject, old: KubeObject, context: ValidationContext) => [...metaUpdate(object, old), ...check(object, old, context)]]),
    ),
  };
}
