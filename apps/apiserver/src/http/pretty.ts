import type { Representation } from './accept';
import { type Exchange, NO_QUERY } from './exchange';

/** What people read with: as upstream, they get indented JSON unless they say otherwise. */
const BY_PEOPLE = /^(curl|Wget|Mozilla\/5\.0)/;

/** Whether JSON is to be indented, by what was chosen of the Accept header, by the query, or by who asks. */
export function wantsPretty(exchange: Exchange, { isPretty }: Pick<Representation, 'isPretty'> = {}): boolean {
  if (isPretty) return true;
  const asked = exchange.query === NO_QUERY ? null : exchange.query.get('pretty');
  // A word that is no truth is none, but no word at all leaves it to who asks.
  if (asked !== null && asked !== '') return /^(1|t|T|true|True|TRUE)$/.test(asked);
  return BY_PEOPLE.test(exchange.userAgent);
}
