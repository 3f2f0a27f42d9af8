import { badRequest } from '@navarch/apimachinery';
import { unescaped } from './unescaped';

/** Whom a request wants to be, as its headers say it: nothing is filled in yet. */
export interface WantedUser {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const EXTRA = 'impersonate-extra-';

/** Whether the headers ask for it at all: checked for every request, so nothing else is looked at first. */
export function asksForImpersonation(headers: Readonly<Record<string, unknown>>): boolean {
  if (headers['impersonate-user'] !== undefined || headers['impersonate-group'] !== undefined || headers['impersonate-uid'] !== undefined) return true;
  for (const name in headers) if (name.startsWith(EXTRA)) return true;
  return false;
}

/**
 * Reads them from the headers as they came, name and value in turn: what Node joins with commas cannot be told from a group with a
 * comma in its name. Undefined for an empty name with nothing else. @throws badRequest for groups, a uid or extras without a name
 */
export function wantedUser(rawHeaders: readonly string[]): WantedUser | undefined {
  let [name, uid]: [string | undefined, string | undefined] = [undefined, undefined];
  let more = false;
  const groups: string[] = [];
  // A Map, since a client may call a key like what every object has: `constructor`, `__proto__`.
  const extras = new Map<string, string[]>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const header = (rawHeaders[at] ?? '').toLowerCase();
    const value = (rawHeaders[at + 1] ?? '').trim();
    if (header === 'impersonate-user') name ??= value;
    else if (header === 'impersonate-uid') uid ??= value;
    else if (header === 'impersonate-group') groups.push(value);
    else if (header.startsWith(EXTRA)) {
      more = true;
      const key = unescaped(header.slice(EXTRA.length));
      extras.set(key, [...(extras.get(key) ?? []), value]);
    }
  }
  const extra = Object.fromEntries(extras);
  if (name !== undefined && name !== '') return { name, uid: uid ?? '', groups, extra };
  if ((uid ?? '') === '' && groups.length === 0 && !more) return undefined;
  throw badRequest(`requested ${JSON.stringify({ uid: uid ?? '', groups, extra })} without impersonating a user name`);
}
