import { type ObjectView, writeThrough } from '../registry/object-view';
import { patchType } from '../registry/patch';
import { applyPatch } from '../registry/apply-patch';
import { requireSameObject } from '../registry/same-object';
import type { ServedResource } from '../registry/served-resource';
import { update } from '../registry/update';
import type { Answers } from './answer';
import type { Exchange } from './exchange';
import { namespaceOf } from './handle-read';
import { objectReader, readRequestBody } from './read-object';
import { writeContext } from './write-options';

export async function putOne(exchange: Exchange, answers: Answers, served: ServedResource, view: ObjectView): Promise<void> {
  const context = writeContext(exchange, 'UpdateOptions');
  answers.representation(exchange, view.codec);
  const { name } = exchange.info;
  const namespace = namespaceOf(exchange, served);
  const decode = await objectReader(exchange, view.codec, context, served.store.deps.offload);
  const body = decode();
  requireSameObject(body, namespace, name);
  let first = true;
  const { object, created } = await update(served.store, {
    namespace,
    name,
    subresource: view.subresource,
    createsMissing: view.subresource === '' && served.store.definition.createOnUpdate,
    ...(view.shownAs ? { shownAs: view.shownAs } : {}),
    compute: (current, admit) => {
      // The registry takes the object over: a second attempt needs the body as it came.
      const mine = first ? body : decode();
      first = false;
      return writeThrough(view, mine, current, admit);
    },
  }, context);
  await answers.object(exchange, served, view, object, created ? 201 : 200);
}

export async function patchOne(exchange: Exchange, answers: Answers, served: ServedResource, view: ObjectView): Promise<void> {
  const type = patchType(exchange.request.headers['content-type'], served.traits.codec.isCustom);
  const context = writeContext(exchange, 'PatchOptions', type === 'apply');
  answers.representation(exchange, view.codec);
  const patch = await readRequestBody(exchange);
  const { object, created } = await applyPatch({ served, view, namespace: namespaceOf(exchange, served), name: exchange.info.name }, type, patch, context);
  await answers.object(exchange, served, view, object, created ? 201 : 200);
}
