import { aggregateMessages, type FieldError } from '../validation/field-error';
import { goQuote } from '../text/go-quote';
import { ApiError } from './api-error';
import { formatGroupKind, formatGroupResource, type GroupKind, type GroupResource } from './group-resource';
import { type StatusCause, type StatusDetails } from './status';

// Texts, codes and details mirror staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go.

const about = ({ group, resource }: GroupResource, name: string): StatusDetails => ({ name, group, kind: resource });

/** 404: no such object. */
export function notFound(resource: GroupResource, name: string): ApiError {
  return new ApiError({ code: 404, reason: 'NotFound', message: `${formatGroupResource(resource)} ${goQuote(name)} not found`, details: about(resource, name) });
}

/** 404 for a path that serves nothing, or a subresource or verb that does not exist there. */
export function noSuchPath(): ApiError {
  return new ApiError({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource', details: {} });
}

/** 409: the name is taken. */
export function alreadyExists(resource: GroupResource, name: string): ApiError {
  return new ApiError({ code: 409, reason: 'AlreadyExists', message: `${formatGroupResource(resource)} ${goQuote(name)} already exists`, details: about(resource, name) });
}

/** 409: every name generated from a generateName was taken. */
export function generateNameConflict(resource: GroupResource, name: string, retryAfterSeconds: number): ApiError {
  return new ApiError({
    code: 409,
    reason: 'AlreadyExists',
    message: `${formatGroupResource(resource)} ${goQuote(name)} already exists, the server was not able to generate a unique name for the object`,
    details: { ...about(resource, name), retryAfterSeconds },
  });
}

/** What a writer with a stale resourceVersion is told. */
const optimisticLockMessage = 'the object has been modified; please apply your changes to the latest version and try again';

/** 409: the write does not fit the present state; `why` defaults to the stale resourceVersion. */
export function conflict(resource: GroupResource, name: string, why: string = optimisticLockMessage): ApiError {
  return new ApiError({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${formatGroupResource(resource)} ${goQuote(name)}: ${why}`,
    details: about(resource, name),
  });
}

/** 409: a server-side apply would take fields that other managers own. */
export function applyConflict(causes: StatusCause[], message: string): ApiError {
  return new ApiError({ code: 409, reason: 'Conflict', message, details: { causes } });
}

/** 422: the object breaks the rules named by `errors`. */
export function invalid(kind: GroupKind, name: string, errors: readonly FieldError[]): ApiError {
  const subject = `${formatGroupKind(kind)} ${goQuote(name)} is invalid`;
  return new ApiError({
    code: 422,
    reason: 'Invalid',
    message: errors.length === 0 ? subject : `${subject}: ${aggregateMessages(errors.map((error) => error.message))}`,
    details: {
      name,
      group: kind.group,
      kind: kind.kind,
      causes: errors.map((error) => ({ reason: error.type, message: error.body, ...(error.field === '' ? {} : { field: error.field }) })),
    },
  });
}

/** 400: the request itself makes no sense. */
export function badRequest(message: string): ApiError {
  return new ApiError({ code: 400, reason: 'BadRequest', message });
}

/** 401: nobody the server knows. */
export function unauthorized(message = ''): ApiError {
  return new ApiError({ code: 401, reason: 'Unauthorized', message: message === '' ? 'not authorized' : message });
}

/** 403: `why` is the part after "is forbidden: ". An empty resource gives the bare "forbidden: " form. */
export function forbidden(resource: GroupResource, name: string, why: string): ApiError {
  const subject = formatGroupResource(resource);
  let message = `${subject} ${goQuote(name)} is forbidden: ${why}`;
  if (resource.group === '' && resource.resource === '') message = `forbidden: ${why}`;
  else if (name === '') message = `${subject} is forbidden: ${why}`;
  return new ApiError({ code: 403, reason: 'Forbidden', message, details: about(resource, name) });
}

/** 405: the resource does not know this verb. */
export function methodNotAllowed(resource: GroupResource, action: string): ApiError {
  return new ApiError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: `${action} is not supported on resources of kind ${goQuote(formatGroupResource(resource))}`,
    details: { group: resource.group, kind: resource.resource },
  });
}

/** 406: no media type that the client accepts is served. */
export function notAcceptable(accepted: readonly string[]): ApiError {
  return new ApiError({ code: 406, reason: 'NotAcceptable', message: `only the following media types are accepted: ${accepted.join(', ')}` });
}

/** 410 Gone: kept for clients that know no Expired. */
export function gone(message: string): ApiError {
  return new ApiError({ code: 410, reason: 'Gone', message });
}

/** 410: a resourceVersion or continue token is too old. */
export function expired(message: string): ApiError {
  return new ApiError({ code: 410, reason: 'Expired', message });
}

/** 413: `message` says how much was too much. */
export function requestEntityTooLarge(message: string): ApiError {
  return new ApiError({ code: 413, reason: 'RequestEntityTooLarge', message: `Request entity too large: ${message}` });
}

/** 415: the body is of a kind nobody here reads. */
export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  return new ApiError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  });
}

/** 429 with a message of its own, such as an eviction's. */
export function tooManyRequests(message: string, retryAfterSeconds = 0): ApiError {
  return new ApiError({ code: 429, reason: 'TooManyRequests', message, details: { retryAfterSeconds } });
}

/** 500: `why` is shown to the client, so it must hold nothing secret. */
export function internalError(why: string, cause?: unknown): ApiError {
  return new ApiError({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${why}`,
    details: { causes: [{ message: why }] },
    cause,
  });
}

/** 500 ServerTimeout: nothing was done, try again. */
export function serverTimeout(resource: GroupResource, operation: string, retryAfterSeconds = 0): ApiError {
  return new ApiError({
    code: 500,
    reason: 'ServerTimeout',
    message: `The ${operation} operation against ${formatGroupResource(resource)} could not be completed at this time, please try again.`,
    details: { ...about(resource, operation), retryAfterSeconds },
  });
}

/** 503: this server cannot do it now. */
export function serviceUnavailable(message: string): ApiError {
  return new ApiError({ code: 503, reason: 'ServiceUnavailable', message });
}

/** 504: it took too long; the operation may still complete. */
export function timeout(message: string, retryAfterSeconds = 0): ApiError {
  return new ApiError({ code: 504, reason: 'Timeout', message: `Timeout: ${message}`, details: { retryAfterSeconds } });
}

/** 504: the asked resourceVersion lies in the future of this server. */
export function resourceVersionTooLarge(asked: number | bigint, current: number | bigint, retryAfterSeconds = 1): ApiError {
  return new ApiError({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds },
  });
}
