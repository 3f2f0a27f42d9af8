import type { AdmissionPlugin } from './admission';
import type { Authenticator } from './authenticator';
import type { Authorizer } from './authorizer';
import type { ObjectReader, ObjectWriter } from './objects';
import type { PostStartHook } from './post-start-hook';
import type { VirtualResources } from './virtual-resource';

/** What plugs into the pipeline: made in compose.ts from the folders auth/, admission/ and bootstrap/. */
export interface PipelineExtensions {
  /** Asked in order. */
  readonly authenticators: readonly Authenticator[];
  /** Asked in order; the first that allows or denies decides. */
  readonly authorizers: readonly Authorizer[];
  readonly admission: readonly AdmissionPlugin[];
  readonly virtualResources: VirtualResources;
  readonly postStartHooks: readonly PostStartHook[];
}

export interface PipelineExtensionDeps {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
}
