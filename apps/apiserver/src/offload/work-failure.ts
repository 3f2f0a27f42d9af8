import { ApiError, DecodeError, isApiError, type Status } from '@navarch/apimachinery';

/** An error as it goes from thread to thread. */
export type WorkFailure = { readonly status: Status } | { readonly undecodable: string } | { readonly message: string; readonly stack: string };

export function failureOf(error: unknown): WorkFailure {
  if (isApiError(error)) return { status: error.status };
  if (!(error instanceof Error)) return { message: String(error), stack: '' };
  return error.name === DecodeError.name ? { undecodable: error.message } : { message: error.message, stack: error.stack ?? '' };
}

/** The same error, in this thread. */
export function errorOf(failure: WorkFailure): Error {
  if ('status' in failure) return ApiError.fromStatus(failure.status);
  if ('undecodable' in failure) return new DecodeError(failure.undecodable);
  return Object.assign(new Error(failure.message), { stack: failure.stack });
}
