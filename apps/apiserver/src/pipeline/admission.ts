import type { KubeObject } from '@navarch/api';
import type { Abandonment } from './abandonment';
import type { User } from './user';

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** The version of a resource that a request speaks. */
export interface RequestedVersion {
  readonly group: string;
  readonly version: string;
}

/** Names a kind. */
export interface VersionedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/**
 * A write on its way in. `object` is the new object (for CONNECT the options, for DELETE absent) and may be changed in `mutate`,
 * never replaced by another reference; it is not yet validated in `mutate` and final in `validate`. `oldObject` is shared with the
 * cache: never change it.
 */
export interface AdmissionAttributes {
  readonly operation: AdmissionOperation;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** How the client named the resource, where that is not the version in which it is stored. */
  readonly requested?: RequestedVersion | undefined;
  /** Empty for the object itself. */
  readonly subresource: string;
  readonly kind: string;
  /** What `object` and `oldObject` are where a subresource shows another kind than the resource's: Scale, Binding, PodExecOptions. */
  readonly objectKind?: VersionedKind | undefined;
  readonly namespaced: boolean;
  /** Empty for cluster-scoped objects; for Namespaces their own name, as upstream. */
  readonly namespace: string;
  /** May be empty on CREATE with generateName. */
  readonly name: string;
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
  readonly user: User;
  readonly dryRun: boolean;
  /** CreateOptions, UpdateOptions or DeleteOptions, as the client gave them; nothing for CONNECT. */
  readonly options: Readonly<Record<string, unknown>>;
  /** A creation that was asked for as an update or patch: authorisation has not asked about it yet. */
  readonly viaUpdate?: boolean;
  /** Of an update: how authorisation knows it. Absent: `update`. */
  readonly verb?: 'patch' | undefined;
  /** Texts for `Warning` headers. */
  warn(text: string): void;
  /** Notes in the audit event of the request, from a level on if it is named; absent where nothing is audited. */
  readonly annotate?: Annotate | undefined;
  /** Whether anybody waits for the outcome; absent where nobody can give up. */
  readonly abandonment?: Abandonment | undefined;
}

/** What writes of one sort have in common. There are few sorts, so a plug-in is asked once about each. */
export type WriteSort = Pick<AdmissionAttributes, 'group' | 'namespaced' | 'operation' | 'resource' | 'subresource'>;

/** `Request`: only where the audit event shows the request's object too. */
export type Annotate = (key: string, value: string, from?: 'Request') => void;

/** One pass of the mutating plug-ins over a write. A second one follows when a plug-in asks for it, so that those before see what those after have changed. */
export interface MutationPass {
  /** This is the second. */
  readonly again: boolean;
  requestAnother(): void;
}

/** One admission plug-in: rejects by throwing an `ApiError`. Return nothing (not a promise) where no I/O is needed. */
export interface AdmissionPlugin {
  readonly name: string;
  /** Whether it has to do with writes of a sort: what it says is remembered. */
  readonly handles: (sort: WriteSort) => boolean;
  /** Whether it has to do with this one, by what else there is to a write. Cheap: called for every write of a sort that it handles. Absent: it has. */
  applies?(attributes: AdmissionAttributes): boolean;
  mutate?(attributes: AdmissionAttributes, pass: MutationPass): void | Promise<void>;
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
  /** The write failed after `validate` (refund a quota). */
  undo?(attributes: AdmissionAttributes): void;
}

/** All plug-ins in their order: all that mutate, then all that validate. */
export interface AdmissionChain {
  mutate(attributes: AdmissionAttributes): void | Promise<void>;
  validate(attributes: AdmissionAttributes): void | Promise<void>;
  undo(attributes: AdmissionAttributes): void;
}
