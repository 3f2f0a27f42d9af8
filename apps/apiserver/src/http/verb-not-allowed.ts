import { ApiError, methodNotAllowed } from '@navarch/apimachinery';
import type { Exchange } from './exchange';
import type { ServedResource } from '../registry/served-resource';

/** 405 for a verb that a resource does not have. */
export function verbNotAllowed(): ApiError {
  return new ApiError({ code: 405, reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource', details: {} });
}

/** Upstream's router has routes for the methods that its kinds need: HEAD is none of them, though it is authorised as GET. @throws ApiError 405 */
export function requireRoute({ request: { method } }: Exchange, { traits: { codec } }: ServedResource): void {
  if (method === 'HEAD' && !codec.isCustom) throw verbNotAllowed();
}

/** The same, as the handler of custom resources says it: with verb and resource, which upstream's router does not name. */
export function refusedVerb({ store: { groupResource }, traits: { codec } }: ServedResource, verb: string): ApiError {
  return codec.isCustom ? methodNotAllowed(groupResource, verb) : verbNotAllowed();
}
