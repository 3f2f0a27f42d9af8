import { isNotFound } from '@navarch/apimachinery';
import { remove } from './delete';
import type { DeleteOptions } from './delete-options';
import type { ListOptions } from './list-options';
import { list, type ListResult } from './list';
import type { Cached, ResourceStore } from './resource-store';
import type { Selection } from './selection';
import type { WriteContext } from './write-context';
import { nameOfKey } from './keys';

/** Deletes under way at a time: they commit in groups, so more would not be faster. */
const WORKERS = 50;

/** Deletes all that a list with these options shows; answers that list. */
export async function deleteCollection(resource: ResourceStore, namespace: string, listing: ListOptions, selection: Selection, options: DeleteOptions, context: WriteContext): Promise<ListResult> {
  const found = await list(resource, namespace, listing, selection);
  const deleted: Cached[] = [];
  const one = { ...context, ofCollection: true };
  const rest = found.objects.values();
  const work = async (): Promise<void> => {
    for (const object of rest) {
      const { namespace: where, name } = nameOfKey(resource.prefix, object.key);
      try {
        deleted.push((await remove(resource, where, name, options, one)).object);
      } catch (error) {
        // Somebody else was faster.
        if (!isNotFound(error)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return { ...found, objects: deleted };
}
