import { acceptClauses } from '../http/accept';

/** A form of a document, by the media types that ask for it. */
export interface Offer<T> {
  readonly types: readonly string[];
  readonly form: T;
}

/**
 * What a client would take of a document of OpenAPI, in its order; undefined means 406, which has no body here. Mirrors the handlers of
 * kube-openapi (pkg/handler, pkg/handler3): a wildcard takes the first form.
 */
export function chosenForm<T>(accept: string | undefined, offers: readonly Offer<T>[]): T | undefined {
  for (const { type } of acceptClauses(accept === undefined || accept === '' ? '*/*' : accept)) {
    const found = type === '*/*' || type === 'application/*' ? offers[0] : offers.find(({ types }) => types.includes(type));
    if (found) return found.form;
  }
  return undefined;
}
