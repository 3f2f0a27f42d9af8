import type { GroupResource } from '@navarch/apimachinery';
import { storedAs } from './conversions';

/** How errors name a resource: by the group in which the client asked for it. What else a request leads to goes by its own name. */
export function askedAs(stored: GroupResource, requested: { readonly group: string } | undefined): GroupResource {
  const { group, resource } = stored;
  return requested && storedAs({ group: requested.group, resource }).group === group ? { group: requested.group, resource } : stored;
}
