import { internalError } from './factories';
import { findApiError } from './predicates';
import { type Status } from './status';

/**
 * The Status to answer with for anything that was thrown. What is no ApiError becomes a 500 with a fixed text,
 * so that no inner message leaks; the caller logs it, once.
 */
export function toStatus(error: unknown): Status {
  return (findApiError(error) ?? internalError('unexpected error')).status;
}
