import { ApiError } from '@navarch/apimachinery';

/** 405 for a verb that a resource does not have. */
export function verbNotAllowed(): ApiError {
  return new ApiError({ code: 405, reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource', details: {} });
}
