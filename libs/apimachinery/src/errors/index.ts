export { ApiError, type ApiErrorInit } from './api-error';
export * from './factories';
export { formatGroupKind, formatGroupResource, type GroupKind, type GroupResource } from './group-resource';
export * from './predicates';
export { causeTypes, type Status, type StatusCause, type StatusDetails, type StatusListMeta, type StatusReason } from './status';
export { toStatus } from './to-status';
