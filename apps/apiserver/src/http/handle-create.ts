import { create, settleNamespace } from '../registry/create';
import { wholeObject } from '../registry/object-view';
import type { ServedResource } from '../registry/served-resource';
import type { Answers } from './answer';
import type { Exchange } from './exchange';
import { readObject } from './read-object';
import { writeContext } from './write-options';
import { namespaceOf } from './handle-read';

export async function createOne(exchange: Exchange, answers: Answers, served: ServedResource): Promise<void> {
  const context = writeContext(exchange, 'CreateOptions');
  answers.representation(exchange, served.traits.codec);
  const object = await readObject(exchange, served.traits.codec, context, served.store.deps.offload);
  settleNamespace(served.store, object, namespaceOf(exchange, served));
  const created = await create(served.store, await served.toStorage(object), context);
  await answers.object(exchange, served, wholeObject(served), created, 201);
}
