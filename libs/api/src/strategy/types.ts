import type { FieldError, ResetFields } from '@navarch/apimachinery';
import type { KubeObject } from '../kube-object';
import type { FieldGate } from './gated-fields';

/** What the rules of a kind may know of the request. */
export interface StrategyContext {
  readonly userName: string;
  readonly userUid?: string | undefined;
  readonly userGroups?: readonly string[];
  readonly userExtra?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly nowMs: number;
  warn(text: string): void;
  /** Whether a feature gate is open; absent: all are. */
  readonly isOpen?: ((gate: FieldGate) => boolean) | undefined;
}

/**
 * The rules of one kind, or of one view of it (`status`), for writes. Pure. Objects are defaulted and of the storage version;
 * `object` is the caller's own and may be changed by the `prepare` functions, `old` never. On create, uid, creationTimestamp
 * and, where it is known, the name are set before.
 */
export interface Strategy {
  /** Clears what clients may not set (status) and sets what only the server does. */
  prepareForCreate?(object: KubeObject, context: StrategyContext): void;
  /** Keeps what this endpoint may not change; counts the generation. The metadata is settled before. */
  prepareForUpdate?(object: KubeObject, old: KubeObject, context: StrategyContext): void;
  validate?(object: KubeObject, context: StrategyContext): FieldError[];
  validateUpdate?(object: KubeObject, old: KubeObject, context: StrategyContext): FieldError[];
  /** Of an object that is valid: what its author should know. `old` is what an update replaces. */
  warnings?(object: KubeObject, old: KubeObject | undefined): string[];
}

/** How a resource behaves when it is written and deleted. */
export interface ResourceSemantics {
  /** The version objects are stored in, and the rules see. */
  readonly storageVersion: string;
  readonly strategy: Strategy;
  /** Of other views of the same object: `status`, `approval`, `finalize`, `resize`, `ephemeralcontainers`. */
  readonly subresources: Readonly<Record<string, Strategy>>;
  /** By subresource, dotted: fields that nobody owns through it, since it leaves them as they were. Absent: the status, or at `status` all but it. */
  readonly resets?: Readonly<Record<string, ResetFields>>;
  /** PUT to a name that does not exist creates it. */
  readonly createOnUpdate: boolean;
  /** An update may leave out the resourceVersion. */
  readonly unconditionalUpdate: boolean;
  /** DELETE answers the object, not a Status. */
  readonly returnsDeleted: boolean;
  /** What happens to dependents when the client does not say. Unsupported: nothing waits for them, whatever it says. */
  readonly defaultPropagation: 'Background' | 'Orphan' | 'Unsupported';
  /** What a client is warned of that does not say. */
  readonly undecidedDeletion?: string;
  /** Seconds to wait before the object goes, given what the client asked; undefined: none. Absent: no graceful deletion. */
  readonly gracePeriodSeconds?: (object: KubeObject, asked: number | undefined) => number | undefined;
  /** What else it means that a delete has to wait. Changes the object. */
  readonly onDeletionMarked?: (object: KubeObject, nowMs: number) => void;
  /** Put on an object when it is deleted, for whoever has to clean up before it goes. */
  readonly deletionFinalizer?: string;
  /** Objects vanish after this many seconds. */
  readonly ttlSeconds?: number;
}
