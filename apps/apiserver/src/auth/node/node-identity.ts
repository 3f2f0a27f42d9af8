import type { User } from '../../pipeline';

const prefix = 'system:node:';

/** The node a user is, if it is one: `system:node:<name>` in group `system:nodes`. */
export function nodeOf(user: User): string | undefined {
  return user.name.startsWith(prefix) && user.name.length > prefix.length && user.groups.includes('system:nodes') ? user.name.slice(prefix.length) : undefined;
}
