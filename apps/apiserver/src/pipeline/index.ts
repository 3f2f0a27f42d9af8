export { type Abandonment, abandonmentBy, Deadline, LazyAbandonment } from './abandonment';
export type { AdmissionAttributes, AdmissionChain, AdmissionOperation, AdmissionPlugin, Annotate, MutationPass, RequestedVersion, VersionedKind, WriteSort } from './admission';
export type { AuthenticationRequest, Authenticator, RequestNotes, TlsPeer } from './authenticator';
export type { AuthorizationAttributes, Authorizer, Decision, UserRules } from './authorizer';
export type { PipelineExtensionDeps, PipelineExtensions } from './extensions';
export type { ObjectChange, ObjectReader, ObjectWriter } from './objects';
export type { PostStartHook } from './post-start-hook';
export { anonymous, ANONYMOUS_NAME, GROUP_AUTHENTICATED, GROUP_MASTERS, GROUP_UNAUTHENTICATED, loopback, type User } from './user';
export type { VirtualCreate, VirtualResources } from './virtual-resource';
