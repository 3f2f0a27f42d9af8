import type { Status, StatusDetails, StatusReason } from './status';

/** What a factory says of its error; the rest of the Status is the same for all. */
export interface ApiErrorInit {
  code: number;
  reason: StatusReason;
  message: string;
  details?: StatusDetails | undefined;
  cause?: unknown;
}

/**
 * A failure with the Status that a client gets for it. Recognise one with `isApiError` or the predicates,
 * not with `instanceof`: two copies of this module may live in one process.
 */
export class ApiError extends Error {
  readonly status: Status;
  readonly code: number;

  constructor(init: ApiErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'ApiError';
    this.code = init.code;
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: init.message,
      ...(init.reason === '' ? {} : { reason: init.reason }),
      ...(init.details === undefined ? {} : { details: withoutEmpty(init.details) }),
      code: init.code,
    };
  }

  /** Makes an error of a Status that came from a server. */
  static fromStatus(status: Status): ApiError {
    return new ApiError({
      code: status.code ?? 500,
      reason: (status.reason ?? '') as StatusReason,
      message: status.message ?? '',
      details: status.details,
    });
  }
}

/** Go leaves empty fields out; so do we. An empty details object stays, as upstream's non-nil pointer does. */
function withoutEmpty(details: StatusDetails): StatusDetails {
  return {
    ...(details.name ? { name: details.name } : {}),
    ...(details.group ? { group: details.group } : {}),
    ...(details.kind ? { kind: details.kind } : {}),
    ...(details.uid ? { uid: details.uid } : {}),
    ...(details.causes && details.causes.length > 0 ? { causes: details.causes } : {}),
    ...(details.retryAfterSeconds ? { retryAfterSeconds: details.retryAfterSeconds } : {}),
  };
}
