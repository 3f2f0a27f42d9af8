import type { User } from './user';

/** What is asked, as rules are written about it. */
export interface AuthorizationAttributes {
  /** get, list, watch, create, update, patch, delete, deletecollection, or for paths the HTTP method in lower case. */
  readonly verb: string;
  /** False for paths such as /healthz: then only `path` counts. */
  readonly isResource: boolean;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** List, watch and deletecollection only, as sent. */
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

/** Why it is so; and where it could not be told rightly, what went wrong. */
interface Reasons {
  readonly reason?: string;
  readonly error?: string;
}

export type Decision =
  | { readonly verdict: 'allow'; readonly reason?: string }
  | ({ readonly verdict: 'deny' } & Reasons)
  /** This authorizer has no opinion: ask the next; if none allows, it is forbidden. */
  | ({ readonly verdict: 'no-opinion' } & Reasons);

/** One rule of the `SelfSubjectRulesReview` kind, for clients that ask what they may do. */
export interface UserRules {
  readonly resourceRules: readonly { verbs: string[]; apiGroups?: string[]; resources?: string[]; resourceNames?: string[] }[];
  readonly nonResourceRules: readonly { verbs: string[]; nonResourceURLs?: string[] }[];
  readonly incomplete: boolean;
  readonly evaluationError?: string;
}

/** Decides whether a user may do something. Answer synchronously where no I/O is needed. */
export interface Authorizer {
  readonly name: string;
  authorize(user: User, attributes: AuthorizationAttributes): Decision | Promise<Decision>;
  /** What the user may do in a namespace, as far as this authorizer can tell. */
  rulesFor?(user: User, namespace: string): UserRules;
}
