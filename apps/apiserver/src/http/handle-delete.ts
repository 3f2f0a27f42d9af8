import { bodyFormat } from '../codec/body-format';
import { decodeBody } from '../codec/decode-body';
import type { Offload } from '../offload/offloaded-work';
import { parsedElsewhere } from '../offload/parsed-elsewhere';
import { deleteCollection } from '../registry/delete-collection';
import type { Authorizer } from '../pipeline';
import { remove } from '../registry/delete';
import { type DeleteOptions, deleteOptions, deleteOptionsOfQuery } from '../registry/delete-options';
import { notForCollections, removeUnreadable, requireUnsafeDelete } from '../registry/unsafe-delete';
import { listOptions } from '../registry/list-options';
import { wholeObject } from '../registry/object-view';
import { Selection } from '../registry/selection';
import type { ServedResource } from '../registry/served-resource';
import type { Representation } from './accept';
import type { Answers } from './answer';
import type { Exchange } from './exchange';
import { namespaceOf } from './handle-read';
import { readRequestBody } from './read-object';
import { sendStatus } from './respond';
import { writeContext } from './write-options';

const KIND = { group: '', version: 'v1', kind: 'DeleteOptions' } as const;

/** DeleteOptions come in the body, in any group's version, or, if there is none, in the query. */
async function readDeleteOptions(exchange: Exchange, offload: Offload): Promise<DeleteOptions> {
  const body = await readRequestBody(exchange);
  if (body.length === 0) return deleteOptions(deleteOptionsOfQuery(exchange.query));
  const format = bodyFormat(exchange.request.headers['content-type']);
  const parsed = await parsedElsewhere(body, format, offload);
  return deleteOptions(decodeBody(body, format, KIND, { fieldValidation: 'Ignore', warn: () => undefined, ...(parsed ? { parsed } : {}) }));
}

/** `authorizer` says who may delete what cannot be read; without one that option counts for nothing. */
export async function deleteOne(exchange: Exchange, answers: Answers, served: ServedResource, authorizer: Authorizer | undefined): Promise<void> {
  const { info } = exchange;
  // What could not be answered is not deleted.
  const representation = answers.representation(exchange, served.traits.codec);
  const options = await readDeleteOptions(exchange, served.store.deps.offload);
  if (authorizer && options.ignoresReadErrors) return deleteUnreadable(exchange, served, representation, authorizer);
  const context = { ...writeContext(exchange, 'DeleteOptions'), dryRun: options.dryRun };
  const { object, gone } = await remove(served.store, namespaceOf(exchange, served), info.name, options, context);
  const code = !gone && options.asksForCascade ? 202 : 200;
  if (!gone || served.store.definition.returnsDeleted) {
    await answers.object(exchange, served, wholeObject(served), object, code);
    return;
  }
  await sendDeleted(exchange, served, representation, code, object.object.metadata.uid);
}

/** Of a Status there are no rows and no bare metadata: whatever view is asked for, it is itself. */
function sendDeleted(exchange: Exchange, { facts: { group, resource } }: ServedResource, representation: Representation, code: number, uid: string | undefined): Promise<void> {
  return sendStatus(exchange, code, {
    kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success',
    details: { name: exchange.info.name, ...(group === '' ? {} : { group }), kind: resource, ...(uid === undefined ? {} : { uid }) },
  }, representation);
}

async function deleteUnreadable(exchange: Exchange, served: ServedResource, representation: Representation, authorizer: Authorizer): Promise<void> {
  const { info, user } = exchange;
  exchange.annotate('apiserver.k8s.io/unsafe-delete-ignore-read-error', '');
  await requireUnsafeDelete(authorizer, user, info);
  await removeUnreadable(served.store, namespaceOf(exchange, served), info.name, exchange.abandonment);
  await sendDeleted(exchange, served, representation, 200, undefined);
}

export async function deleteCollectionOf(exchange: Exchange, answers: Answers, served: ServedResource, authorizer: Authorizer | undefined): Promise<void> {
  answers.representation(exchange, served.traits.codec);
  const listing = listOptions(exchange.query, false);
  const selection = Selection.of(listing.labelSelector, listing.fieldSelector, served.fields, served.fieldReader);
  const options = await readDeleteOptions(exchange, served.store.deps.offload);
  if (authorizer && options.ignoresReadErrors) throw notForCollections();
  const context = { ...writeContext(exchange, 'DeleteOptions'), dryRun: options.dryRun };
  const deleted = await deleteCollection(served.store, namespaceOf(exchange, served), listing, selection, options, context);
  await answers.list(exchange, served, deleted);
}
