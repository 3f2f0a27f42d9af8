import { status } from '@grpc/grpc-js';
import { ApiError } from '@navarch/apimachinery';
import { findRpcError, type RpcError } from './rpc-error';

const GRPC_OF_HTTP: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  405: status.UNIMPLEMENTED,
  406: status.INVALID_ARGUMENT,
  408: status.DEADLINE_EXCEEDED,
  409: status.ABORTED,
  410: status.OUT_OF_RANGE,
  413: status.RESOURCE_EXHAUSTED,
  415: status.INVALID_ARGUMENT,
  422: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
  500: status.INTERNAL,
  501: status.UNIMPLEMENTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

/** The gRPC code that says what this API error says; the trailer says it in full. */
export function grpcCodeOf(error: ApiError): status {
  if (error.status.reason === 'AlreadyExists') return status.ALREADY_EXISTS;
  return GRPC_OF_HTTP[error.code] ?? (error.code >= 400 && error.code < 500 ? status.FAILED_PRECONDITION : status.INTERNAL);
}

type Reason = ConstructorParameters<typeof ApiError>[0]['reason'];

const HTTP_OF_GRPC: Readonly<Partial<Record<status, readonly [number, Reason]>>> = {
  [status.CANCELLED]: [504, 'Timeout'],
  [status.INVALID_ARGUMENT]: [400, 'BadRequest'],
  [status.DEADLINE_EXCEEDED]: [504, 'Timeout'],
  [status.NOT_FOUND]: [404, 'NotFound'],
  [status.ALREADY_EXISTS]: [409, 'AlreadyExists'],
  [status.PERMISSION_DENIED]: [403, 'Forbidden'],
  [status.UNAUTHENTICATED]: [401, 'Unauthorized'],
  [status.RESOURCE_EXHAUSTED]: [429, 'TooManyRequests'],
  [status.FAILED_PRECONDITION]: [400, 'BadRequest'],
  [status.ABORTED]: [409, 'Conflict'],
  [status.OUT_OF_RANGE]: [410, 'Expired'],
  [status.UNIMPLEMENTED]: [405, 'MethodNotAllowed'],
  [status.UNAVAILABLE]: [503, 'ServiceUnavailable'],
};

/** The API error for a gRPC failure that carried no Status: a server out of reach, a deadline, a foreign service. */
export function apiErrorOf(error: RpcError): ApiError {
  const [code, reason] = HTTP_OF_GRPC[error.code] ?? [500, 'InternalError' as const];
  return new ApiError({ code, reason, message: error.details, cause: error });
}

/** Makes an ApiError of what an rpc client threw; other errors (an abort, a bug) are returned as they are. */
export function toApiError(error: unknown): unknown {
  if (error instanceof Error && error.name === 'ApiError') return error;
  const rpc = findRpcError(error);
  return rpc ? apiErrorOf(rpc) : error;
}
