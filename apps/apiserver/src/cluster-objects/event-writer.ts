import type { KubeObject, ResourceType } from '@navarch/api';
import { notFound } from '@navarch/apimachinery';
import type { EventRecorderDeps } from '@navarch/reconcile';
import type { ObjectWriter } from '../pipeline';

/** How this server writes Events of its own: as a recorder would over the network. */
export function eventWriter(writer: ObjectWriter): EventRecorderDeps['api'] {
  return {
    create: (type, object) => writer.create(type, object),
    patch: async <T extends KubeObject>(type: ResourceType<T>, { namespace, name }: { readonly namespace: string; readonly name: string }, _type: string, patch: object): Promise<T> => {
      const current = await writer.get(type, namespace, name);
      if (current === undefined) throw notFound(type, name);
      return writer.update(type, { ...current, ...patch });
    },
  };
}
