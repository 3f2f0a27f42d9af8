import { type ApiError } from './api-error';
import { type StatusCause, type StatusReason } from './status';

/** Whether this is an ApiError, of whichever copy of this module. */
export function isApiError(error: unknown): error is ApiError {
  if (!(error instanceof Error) || !('status' in error) || !('code' in error)) return false;
  return typeof error.code === 'number' && typeof error.status === 'object' && error.status !== null;
}

/** The reason of an ApiError, looking through wrapped causes; undefined for any other error. */
export function reasonOf(error: unknown): string | undefined {
  return findApiError(error)?.status.reason ?? undefined;
}

/** The ApiError in a chain of causes. */
export function findApiError(error: unknown): ApiError | undefined {
  // The limit guards against a chain that loops.
  for (let depth = 0, current = error; depth < 16 && current instanceof Error; depth++, current = current.cause) {
    if (isApiError(current)) return current;
  }
  return undefined;
}

/** A cause by its type, such as ResourceVersionTooLarge. */
export function statusCause(error: unknown, reason: string): StatusCause | undefined {
  return findApiError(error)?.status.details?.causes?.find((cause) => cause.reason === reason);
}

/** Reason decides; a Status without a known one is judged by its code, as upstream does. */
function has(error: unknown, reason: StatusReason, code?: number): boolean {
  const found = findApiError(error);
  if (found === undefined) return false;
  if (found.status.reason === reason) return true;
  return code !== undefined && found.code === code && (found.status.reason ?? '') === '';
}

export const isNotFound = (error: unknown): boolean => has(error, 'NotFound', 404);
export const isAlreadyExists = (error: unknown): boolean => has(error, 'AlreadyExists');
export const isConflict = (error: unknown): boolean => has(error, 'Conflict', 409);
export const isInvalid = (error: unknown): boolean => has(error, 'Invalid', 422);
export const isExpired = (error: unknown): boolean => has(error, 'Expired');
export const isGone = (error: unknown): boolean => has(error, 'Gone', 410);
export const isBadRequest = (error: unknown): boolean => has(error, 'BadRequest', 400);
export const isUnauthorized = (error: unknown): boolean => has(error, 'Unauthorized', 401);
export const isForbidden = (error: unknown): boolean => has(error, 'Forbidden', 403);
export const isMethodNotAllowed = (error: unknown): boolean => has(error, 'MethodNotAllowed', 405);
export const isNotAcceptable = (error: unknown): boolean => has(error, 'NotAcceptable', 406);
export const isRequestEntityTooLarge = (error: unknown): boolean => has(error, 'RequestEntityTooLarge', 413);
export const isUnsupportedMediaType = (error: unknown): boolean => has(error, 'UnsupportedMediaType', 415);
export const isTooManyRequests = (error: unknown): boolean => has(error, 'TooManyRequests', 429);
export const isInternalError = (error: unknown): boolean => has(error, 'InternalError', 500);
export const isServerTimeout = (error: unknown): boolean => has(error, 'ServerTimeout');
export const isServiceUnavailable = (error: unknown): boolean => has(error, 'ServiceUnavailable', 503);
export const isTimeout = (error: unknown): boolean => has(error, 'Timeout', 504);

/** Whether a list or watch must start again from a fresh state. */
export const isResourceExpired = (error: unknown): boolean => isExpired(error) || isGone(error);

/** Whether the server asked for the request again later, and after how many seconds. */
export function suggestedDelaySeconds(error: unknown): number | undefined {
  const found = findApiError(error);
  return found && (isServerTimeout(found) || isTooManyRequests(found) || isTimeout(found)) ? found.status.details?.retryAfterSeconds : undefined;
}
