import { status, type ServiceError } from '@grpc/grpc-js';
import { isStoreError, StoreError } from '../store-error';

/**
 * What a failed call means (rules 1.6). UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, UNKNOWN and all else that is not
 * a clear refusal leave the outcome of a write unknown.
 */
export function fromServiceError(error: Partial<ServiceError> & Error): StoreError {
  if (isStoreError(error)) return error;
  const text = error.details ?? error.message;
  const failure = (code: StoreError['code']): StoreError => new StoreError(code, `etcd: ${text}`, { cause: error });
  switch (error.code) {
    case status.INVALID_ARGUMENT:
      return failure(text.includes('too large') ? 'tooLarge' : 'invalid');
    case status.NOT_FOUND:
      return failure(text.includes('lease') ? 'leaseNotFound' : 'invalid');
    case status.OUT_OF_RANGE:
      return failure(text.includes('compacted') ? 'compacted' : 'futureVersion');
    case status.RESOURCE_EXHAUSTED:
      if (text.includes('space exceeded')) return failure('noSpace');
      return failure(text.includes('larger than max') ? 'tooLarge' : 'unavailable');
    default:
      return failure('timeout');
  }
}

/** Whether another member may do better. */
export function isTransient(error: StoreError): boolean {
  return error.code === 'timeout' || error.code === 'unavailable';
}
