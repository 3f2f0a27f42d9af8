import { ApiError, expired, type GroupResource, internalError, isApiError, requestEntityTooLarge, resourceVersionTooLarge, serverTimeout, timeout } from '@navarch/apimachinery';
import { isStoreError } from '@navarch/storage';

/** The answer to a failure of storage; anything else is passed on. One place chooses the codes. */
function storeFailure(error: unknown, resource: GroupResource, operation: string): Error {
  if (!isStoreError(error)) return error instanceof Error ? error : new Error('storage failed', { cause: error });
  switch (error.code) {
    case 'timeout':
      return timeout('request did not complete within the allotted timeout');
    case 'abandoned':
      return timeout('request did not complete within requested timeout - context canceled');
    case 'unavailable':
      return serverTimeout(resource, operation, 2);
    case 'compacted':
      return expired('The resourceVersion for the provided list is too old.');
    case 'expired':
      return expired(error.message);
    case 'futureVersion':
      return resourceVersionTooLarge(0, error.current ?? 0);
    case 'noSpace':
      return new ApiError({ code: 500, reason: '', message: 'etcdserver: mvcc: database space exceeded' });
    case 'tooLarge':
      return requestEntityTooLarge('etcdserver: request is too large');
    case 'leaseNotFound':
      // The next attempt gets another lease.
      return serverTimeout(resource, operation, 1);
    case 'unreadable':
      return internalError(error.message);
    case 'foreignHistory':
    case 'invalid':
      return error;
  }
}

/** Runs a call of storage; its failures come out as API errors. */
export async function guarded<T>(resource: GroupResource, operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isApiError(error)) throw error;
    throw storeFailure(error, resource, operation);
  }
}
