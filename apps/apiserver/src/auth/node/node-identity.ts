import type { User } from '../../pipeline';

const prefix = 'system:node:';

/** The node a user is: `system:node:<name>` in group `system:nodes`. Empty for a node that does not say which; undefined for anyone else. */
export function nodeOf(user: User): string | undefined {
  return user.name.startsWith(prefix) && user.groups.includes('system:nodes') ? user.name.slice(prefix.length) : undefined;
}
