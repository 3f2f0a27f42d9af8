import type { KubeObject, metav1 } from '@navarch/api';
import { badRequest, DecodeError, decodeUntypedObject, noSuchPath } from '@navarch/apimachinery';
import { objectv1 } from '@navarch/proto';
import { builtInCodec, type KindCodec } from '../codec/kind-codec';
import { viewOf } from '../http/subresource-routes';
import { verbNotAllowed } from '../http/verb-not-allowed';
import { abandonmentBy, type User } from '../pipeline';
import { applyPatch } from '../registry/apply-patch';
import { writeThrough } from '../registry/object-view';
import { create, settleNamespace } from '../registry/create';
import { remove } from '../registry/delete';
import { deleteOptions } from '../registry/delete-options';
import type { PatchType } from '../registry/patch';
import type { Posts } from '../registry/post';
import type { ServedResource } from '../registry/served-resource';
import { update } from '../registry/update';
import type { WriteContext } from '../registry/write-context';
import type { RpcRequests, RpcTarget } from './rpc-requests';

const PATCH_TYPES: Readonly<Partial<Record<objectv1.PatchType, PatchType>>> = {
  [objectv1.PatchType.JSON]: 'json',
  [objectv1.PatchType.MERGE]: 'merge',
  [objectv1.PatchType.STRATEGIC_MERGE]: 'strategic',
  [objectv1.PatchType.APPLY]: 'apply',
};

/** Who writes, and whether they still wait. */
export interface Writer {
  readonly user: User;
  readonly signal: AbortSignal;
}

/** Components send what they mean: fields they do not know of come from reading a newer object, and are dropped. */
function contextOf({ user, signal }: Writer, options: objectv1.WriteOptions | undefined, force = false): WriteContext {
  return {
    user, dryRun: options?.dryRun ?? false, fieldManager: options?.fieldManager ?? '', userAgent: user.name, fieldValidation: 'Ignore', force, trusted: false, warn: () => undefined, abandonment: abandonmentBy(signal),
  };
}

const decode = (body: Buffer, codec: KindCodec, context: WriteContext): KubeObject => codec.decode(body, 'json', context);

const namespaceOf = (served: ServedResource, { namespace }: RpcTarget): string => (served.facts.namespaced ? namespace : '');

/** The writes of the object service, as unary calls and the items of a Write stream do them. Each answers JSON. */
export class RpcWrites {
  constructor(
    private readonly requests: RpcRequests,
    private readonly posts: Posts,
  ) {}

  async create(writer: Writer, request: objectv1.CreateRequest): Promise<Buffer> {
    const { requests } = this;
    const target = requests.target(request.key, request.subresource);
    const context = contextOf(writer, request.options);
    await requests.authorize(writer.user, 'create', target.subresource === '' ? { ...target, name: '' } : target);
    const { group, version, resource } = target;
    if (target.subresource !== '' || this.posts.factsOf(group, version, resource)) {
      const posted = await this.posts.post(target, (kind) => decode(request.object, builtInCodec(kind), context), context);
      if (!posted) throw noSuchPath();
      return posted.json;
    }
    const served = requests.served(target);
    if (!served.facts.verbs.includes('create')) throw verbNotAllowed();
    const object = decode(request.object, served.traits.codec, context);
    settleNamespace(served.store, object, namespaceOf(served, target));
    const created = await create(served.store, await served.toStorage(object), context);
    await served.prepare([created]);
    return served.bytes(created);
  }

  async update(writer: Writer, request: objectv1.UpdateRequest): Promise<Buffer> {
    const target = this.requests.target(request.key, request.subresource);
    await this.requests.authorize(writer.user, 'update', target);
    const served = this.served(target, 'update');
    const view = viewOf(served, target.subresource);
    const context = contextOf(writer, request.options);
    const { object } = await update(served.store, {
      namespace: namespaceOf(served, target),
      name: target.name,
      subresource: target.subresource,
      createsMissing: target.subresource === '' && served.store.definition.createOnUpdate,
      ...(view.shownAs ? { shownAs: view.shownAs } : {}),
      compute: (current, admit) => writeThrough(view, decode(request.object, view.codec, context), current, admit),
    }, context);
    await served.prepare([object]);
    return view.bytes(object);
  }

  async patch(writer: Writer, request: objectv1.PatchRequest): Promise<Buffer> {
    const target = this.requests.target(request.key, request.subresource);
    const type = PATCH_TYPES[request.type];
    if (type === undefined) throw badRequest('the request names no type of patch');
    await this.requests.authorize(writer.user, 'patch', target);
    const served = this.served(target, 'patch');
    const view = viewOf(served, target.subresource);
    const context = contextOf(writer, request.options, request.force);
    const { object } = await applyPatch({ served, view, namespace: namespaceOf(served, target), name: target.name }, type, request.patch, context);
    await served.prepare([object]);
    return view.bytes(object);
  }

  async delete(writer: Writer, request: objectv1.DeleteRequest): Promise<Buffer> {
    const target = this.requests.target(request.key, '');
    await this.requests.authorize(writer.user, 'delete', target);
    const served = this.served(target, 'delete');
    const options = deleteOptions(request.options.length === 0 ? {} : readOptions(request.options));
    const { object } = await remove(served.store, namespaceOf(served, target), target.name, options, { ...contextOf(writer, undefined), dryRun: options.dryRun });
    await served.prepare([object]);
    return served.bytes(object);
  }

  /** Does one item of a Write stream. */
  item(writer: Writer, operation: NonNullable<objectv1.WriteItem['operation']>): Promise<Buffer> {
    switch (operation.$case) {
      case 'create':
        return this.create(writer, operation.value);
      case 'update':
        return this.update(writer, operation.value);
      case 'patch':
        return this.patch(writer, operation.value);
      case 'delete':
        return this.delete(writer, operation.value);
    }
  }

  private served(target: RpcTarget, verb: string): ServedResource {
    const served = this.requests.served(target);
    const { facts } = served;
    const verbs = target.subresource === '' ? facts.verbs : facts.subresources.find(({ name }) => name === target.subresource)?.verbs;
    if (!verbs) throw noSuchPath();
    if (!verbs.includes(verb)) throw verbNotAllowed();
    return served;
  }
}

function readOptions(body: Buffer): metav1.DeleteOptions {
  try {
    return decodeUntypedObject(body).object;
  } catch (error) {
    if (error instanceof Error && error.name === DecodeError.name) throw badRequest(error.message);
    throw error;
  }
}
