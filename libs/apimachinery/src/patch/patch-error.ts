import { ApiError } from '../errors';

/** 422: the patch is well formed, but cannot be done to this object. Upstream hides why; the cause tells it to logs. */
export function patchRejected(why: string): ApiError {
  return new ApiError({
    code: 422, reason: 'Invalid', message: 'the server rejected our request due to an error in our request', details: {}, cause: new Error(why),
  });
}

/** A `test` of a patch does not hold: answered like any other patch that cannot be done. */
export class PatchTestFailed extends ApiError {
  constructor(path: string) {
    const { status, cause } = patchRejected(`testing value ${path} failed: test failed`);
    super({ code: 422, reason: 'Invalid', message: status.message ?? '', details: {}, cause });
  }
}

/** 500 without a reason: how upstream answers the errors of its patch library that it does not know. */
export function patchFailed(why: string): ApiError {
  return new ApiError({ code: 500, reason: '', message: why });
}
