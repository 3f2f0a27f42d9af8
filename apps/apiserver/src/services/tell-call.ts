import { isTapped, tellBoundary } from '@navarch/component-base';
import { describeReview } from './describe-review';

/** Tells whoever taps this process of what a webhook is asked. Of its address only whose it is: paths may let one in. */
export function tellAsked({ host }: URL, body: string): void {
  if (isTapped()) tellBoundary({ carrier: 'rest', direction: 'out', what: `POST ${host}`, bytes: Buffer.byteLength(body), message: () => describeReview(body) });
}

/** And of what it answers. */
export function tellAnswered({ host }: URL, code: number, body: string): void {
  if (isTapped()) tellBoundary({ carrier: 'rest', direction: 'in', what: `POST ${host}`, bytes: Buffer.byteLength(body), message: () => ({ code, ...describeReview(body) }) });
}

/** And that there is no answer. */
export function tellUnanswered({ host }: URL, error: Error & { readonly code?: string | number }): void {
  if (isTapped()) tellBoundary({ carrier: 'rest', direction: 'in', what: `POST ${host}`, message: () => ({ unanswered: error.code ?? error.name }) });
}
