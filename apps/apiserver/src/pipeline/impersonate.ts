import { badRequest } from '@navarch/apimachinery';
import type { AuthorizerChain } from './authorize';
import type { AuthorizationAttributes } from './authorizer';
import { ANONYMOUS_NAME, GROUP_AUTHENTICATED, GROUP_UNAUTHENTICATED, type User } from './user';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const EXTRA = 'impersonate-extra-';
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

function attributes(group: string, resource: string, name: string, namespace = '', subresource = ''): AuthorizationAttributes {
  return { verb: 'impersonate', isResource: true, path: '', group, version: 'v1', resource, subresource, namespace, name };
}

function values(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return Array.isArray(header) ? header : header.split(',').map((value) => value.trim());
}

function one(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? '';
}

function groupsOf(name: string, asked: readonly string[]): string[] {
  const groups = [...asked];
  const account = SERVICE_ACCOUNT.exec(name);
  if (account && groups.length === 0) groups.push('system:serviceaccounts', `system:serviceaccounts:${account[1] ?? ''}`);
  const implied = name === ANONYMOUS_NAME ? GROUP_UNAUTHENTICATED : GROUP_AUTHENTICATED;
  if (!groups.includes(implied)) groups.push(implied);
  return groups;
}

/** As upstream: a name that is not escaped rightly is taken as it is. */
function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return name;
    throw error;
  }
}

/** Whether the headers ask for it at all: checked for every request, so nothing else is looked at first. */
export function asksForImpersonation(headers: Headers): boolean {
  if (headers['impersonate-user'] !== undefined || headers['impersonate-group'] !== undefined || headers['impersonate-uid'] !== undefined) return true;
  for (const name in headers) if (name.startsWith(EXTRA)) return true;
  return false;
}

/**
 * The user that the caller wants to act as, once every part of it is allowed: upstream's
 * staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation.go.
 * @throws forbidden, or badRequest for groups or extras without a user
 */
export async function impersonate(caller: User, headers: Headers, authorizer: AuthorizerChain): Promise<User> {
  const name = one(headers['impersonate-user']);
  const uid = one(headers['impersonate-uid']);
  const groups = values(headers['impersonate-group']);
  const extra: Record<string, string[]> = {};
  for (const header in headers) if (header.startsWith(EXTRA)) extra[unescaped(header.slice(EXTRA.length))] = values(headers[header]);
  if (name === '') throw badRequest(`requested ${JSON.stringify(groups)} without impersonating a user`);

  const account = SERVICE_ACCOUNT.exec(name);
  await authorizer.require(caller, account ? attributes('', 'serviceaccounts', account[2] ?? '', account[1]) : attributes('', 'users', name));
  for (const group of groups) await authorizer.require(caller, attributes('', 'groups', group));
  for (const [key, all] of Object.entries(extra)) for (const value of all) await authorizer.require(caller, attributes('authentication.k8s.io', 'userextras', value, '', key));
  if (uid !== '') await authorizer.require(caller, attributes('authentication.k8s.io', 'uids', uid));

  return { name, groups: groupsOf(name, groups), ...(uid === '' ? {} : { uid }), ...(Object.keys(extra).length === 0 ? {} : { extra }) };
}
