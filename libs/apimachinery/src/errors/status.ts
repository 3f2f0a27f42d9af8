/** `metav1.ListMeta`, as far as a Status has one. */
export interface StatusListMeta {
  continue?: string;
  remainingItemCount?: number;
  resourceVersion?: string;
  selfLink?: string;
}

/** `metav1.StatusCause`: one reason of several, usually tied to a field. */
export interface StatusCause {
  field?: string;
  message?: string;
  reason?: string;
}

/** `metav1.StatusDetails`: what the failure is about. */
export interface StatusDetails {
  causes?: StatusCause[];
  group?: string;
  kind?: string;
  name?: string;
  retryAfterSeconds?: number;
  uid?: string;
}

/** `metav1.Status`, the answer to every request that fails; the same shape as the generated `metav1.Status`. */
export interface Status {
  apiVersion?: string;
  code?: number;
  details?: StatusDetails;
  kind?: string;
  message?: string;
  metadata: StatusListMeta;
  reason?: string;
  status?: string;
}

/** The closed set of upstream's reasons; clients switch on them. */
export type StatusReason =
  | ''
  | 'AlreadyExists'
  | 'BadRequest'
  | 'Conflict'
  | 'Expired'
  | 'Forbidden'
  | 'Gone'
  | 'InternalError'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'NotFound'
  | 'RequestEntityTooLarge'
  | 'ServerTimeout'
  | 'ServiceUnavailable'
  | 'StoreReadError'
  | 'Timeout'
  | 'TooManyRequests'
  | 'Unauthorized'
  | 'UnsupportedMediaType';

/** Cause types outside field validation that clients look for. */
export const causeTypes = {
  fieldManagerConflict: 'FieldManagerConflict',
  resourceVersionTooLarge: 'ResourceVersionTooLarge',
  unexpectedServerResponse: 'UnexpectedServerResponse',
  namespaceTerminating: 'NamespaceTerminating',
  disruptionBudget: 'DisruptionBudget',
} as const;
