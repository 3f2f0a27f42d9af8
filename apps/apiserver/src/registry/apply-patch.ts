import type { KubeObject } from '@navarch/api';
import { badRequest, conformToType, notFound, type JsonObject } from '@navarch/apimachinery';
import { applyDefaults, typeOf } from '../codec/decode-body';
import type { ObjectView } from './object-view';
import type { PatchType } from './patch';
import type { ServedResource } from './served-resource';
import { type Changed, update } from './update';
import type { WriteContext } from './write-context';

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result = (typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {}) as Record<string, unknown>;
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

/** Patches an object as a view shows it. @throws ApiError */
export function applyPatch(served: ServedResource, view: ObjectView, key: { namespace: string; name: string }, type: PatchType, patch: Buffer, context: WriteContext): Promise<Changed> {
  const { store } = served;
  return update(store, {
    ...key,
    subresource: view.subresource,
    createsMissing: false,
    compute: (current) => {
      if (!current) throw notFound(store.groupResource, key.name);
      if (type !== 'merge') throw badRequest(`patch type ${type} is not supported`);
      const patched = merge(view.read(current), JSON.parse(patch.toString('utf8'))) as KubeObject;
      conformToType(patched as unknown as JsonObject, typeOf(view));
      applyDefaults(patched, view);
      return view.write(patched, current);
    },
  }, context);
}
