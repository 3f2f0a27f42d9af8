import { badRequest, parseBoolean, parseResourceVersion, unreadVersion } from '@navarch/apimachinery';
import { get } from '../registry/get';
import { list } from '../registry/list';
import { listOptions } from '../registry/list-options';
import type { ObjectView } from '../registry/object-view';
import { Selection } from '../registry/selection';
import type { ServedResource } from '../registry/served-resource';
import type { Answers } from './answer';
import { type Exchange, NO_QUERY } from './exchange';

/** Namespace of an object as its key has it: the Namespace kind itself has none. */
export function namespaceOf(exchange: Exchange, served: ServedResource): string {
  return served.facts.namespaced ? exchange.info.namespace : '';
}

export async function getOne(exchange: Exchange, answers: Answers, served: ServedResource, view: ObjectView): Promise<void> {
  if (exchange.query !== NO_QUERY) refuseExport(exchange.query);
  const asked = exchange.query === NO_QUERY ? null : exchange.query.get('resourceVersion');
  const version = asked === null || asked === '' ? undefined : parseResourceVersion(asked, unreadVersion);
  const object = await get(served.store, namespaceOf(exchange, served), exchange.info.name, version, exchange.info);
  await answers.object(exchange, served, view, object, 200);
}

/** Who asks for an export does not want the object as it is (GetResource in upstream's endpoints/handlers). */
function refuseExport(query: URLSearchParams): void {
  if (parseBoolean(query.get('export')) === true) throw badRequest('the export parameter, deprecated since v1.14, is no longer supported');
}

export async function listMany(exchange: Exchange, answers: Answers, served: ServedResource): Promise<void> {
  const options = listOptions(exchange.query, false);
  const selection = Selection.of(options.labelSelector, options.fieldSelector, served.fields);
  // An unacceptable representation must not cost a list.
  answers.representation(exchange, served.traits.codec);
  await answers.list(exchange, served, await list(served.store, namespaceOf(exchange, served), options, selection));
}
