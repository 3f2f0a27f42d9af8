import { ApiError, isApiError } from '@navarch/apimachinery';

/**
 * A failure of a runtime or of a connection as the ApiError its user is told: the reason is what they ask for. What
 * carries a gRPC status already keeps it.
 */
export function toldError(error: unknown): Error {
  if (isApiError(error) || (error instanceof Error && error.name === 'RpcError')) return error;
  return new ApiError({ code: 500, reason: 'InternalError', message: error instanceof Error ? error.message : String(error), cause: error });
}

/** The same for a promise. */
export async function orTold<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toldError(error);
  }
}
