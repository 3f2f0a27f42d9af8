import { notAcceptable } from '@navarch/apimachinery';
import { acceptClauses, type AcceptClause, CONTENT_TYPE, type Format, formatOf } from '../http/accept';

/** How a client wants to be told what is served. */
export interface DiscoveryForm {
  readonly format: Format;
  /** All at once, as an APIGroupDiscoveryList. */
  readonly isAggregated: boolean;
  /** Content-Type of the answer. */
  readonly contentType: string;
}

/** Of apidiscovery.k8s.io; upstream serves its v2beta1 no more since 1.33. */
const AGGREGATED = { g: 'apidiscovery.k8s.io', v: 'v2', as: 'APIGroupDiscoveryList' } as const;
const PLAIN: DiscoveryForm = { format: 'json', isAggregated: false, contentType: CONTENT_TYPE.json };

function formFor({ type, parameters }: AcceptClause, mayAggregate: boolean): DiscoveryForm | undefined {
  const format = formatOf(type);
  if (format === undefined || 'stream' in parameters) return undefined;
  if (parameters['as'] === undefined) return { format, isAggregated: false, contentType: CONTENT_TYPE[format] };
  const { g, v, as } = AGGREGATED;
  if (!mayAggregate || parameters['as'] !== as || parameters['g'] !== g || parameters['v'] !== v) return undefined;
  return { format, isAggregated: true, contentType: `${CONTENT_TYPE[format]};g=${g};v=${v};as=${as}` };
}

/**
 * The first form that a client would take, in its order. Mirrors staging/src/k8s.io/apiserver/pkg/endpoints/handlers/negotiation and
 * its use by pkg/endpoints/discovery. @throws notAcceptable
 */
export function discoveryForm(accept: string | undefined, mayAggregate: boolean): DiscoveryForm {
  if (accept === undefined || accept === '') return PLAIN;
  for (const clause of acceptClauses(accept)) {
    const form = formFor(clause, mayAggregate);
    if (form) return form;
  }
  throw notAcceptable(Object.values(CONTENT_TYPE));
}
