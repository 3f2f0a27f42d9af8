import { ApiError, methodNotAllowed } from '@navarch/apimachinery';
import type { ServedResource } from '../registry/served-resource';

/** 405 for a verb that a resource does not have. */
export function verbNotAllowed(): ApiError {
  return new ApiError({ code: 405, reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource', details: {} });
}

/** The same, as the handler of custom resources says it: with verb and resource, which upstream's router does not name. */
export function refusedVerb({ store: { groupResource }, traits: { codec } }: ServedResource, verb: string): ApiError {
  return codec.isCustom ? methodNotAllowed(groupResource, verb) : verbNotAllowed();
}
