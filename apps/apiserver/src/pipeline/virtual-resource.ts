import type { KubeObject } from '@navarch/api';
import type { User } from './user';

/** A POST to a resource or subresource that is answered and not stored: TokenReview, SubjectAccessReview, serviceaccounts/token. */
export interface VirtualCreate {
  readonly user: User;
  readonly namespace: string;
  /** The parent's name, for a subresource. */
  readonly name: string;
  /** Decoded, defaulted; may be changed and answered. */
  readonly object: KubeObject;
  readonly dryRun: boolean;
  /** Lets validating admission see `object`: to be called once the request is known to be sound, and before it is answered. */
  readonly validate: () => void | Promise<void>;
  /** Notes in the audit event; absent where nothing is audited. */
  readonly annotate?: (key: string, value: string) => void;
  /** Texts for `Warning` headers. */
  readonly warn: (text: string) => void;
}

/** Keyed by `<group>/<resource>` or `<group>/<resource>/<subresource>`, the group empty for core: `authorization.k8s.io/subjectaccessreviews`, `/serviceaccounts/token`. */
export type VirtualResources = Readonly<Record<string, (request: VirtualCreate) => KubeObject | Promise<KubeObject>>>;
