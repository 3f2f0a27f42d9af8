import { dns1123SubdomainMessages } from '@navarch/apimachinery';
import type { AuthorizationAttributes } from './authorizer';
import type { WantedUser } from './impersonation-headers';
import { GROUP_MASTERS, type User } from './user';

/** One question to the authorizers. */
export interface ModeCheck {
  readonly asked: AuthorizationAttributes;
  /** If it is refused, all of these have to be allowed. */
  readonly insteadOf?: readonly ModeCheck[];
  /** Why it is refused whoever asks. */
  readonly flaw?: string;
}

/** One way to be allowed to act as another. */
export interface ImpersonationMode {
  /** The verb that allows it, where that is not plain `impersonate`. */
  readonly constraint: string | undefined;
  applies(wanted: WantedUser, caller: User): boolean;
  /** Who asks the authorizers. */
  asWhom(caller: User): User;
  /** All have to be allowed. */
  checks(wanted: WantedUser, attributes: AuthorizationAttributes): Iterable<ModeCheck>;
  groupsOf(wanted: WantedUser): readonly string[];
}

const AUTHENTICATION = 'authentication.k8s.io';
const NODE = 'system:node:';
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const NODE_NAME_KEY = 'authentication.kubernetes.io/node-name';
/** Upstream's: from so many values on, one question with a wildcard is asked first. */
const MANY = 4;

const nodeNamed = (user: string): string | undefined => (user.startsWith(NODE) && dns1123SubdomainMessages(user.slice(NODE.length)).length === 0 ? user.slice(NODE.length) : undefined);
const onlyNamed = ({ uid, groups, extra }: WantedUser): boolean => uid === '' && groups.length === 0 && Object.keys(extra).length === 0;

function about(verb: string, group: string, resource: string, name: string, namespace = '', subresource = ''): AuthorizationAttributes {
  return { verb, isResource: true, path: '', group, version: 'v1', resource, subresource, namespace, name };
}

function groupsOf({ name, groups }: WantedUser): readonly string[] {
  const account = SERVICE_ACCOUNT.exec(name);
  return account && groups.length === 0 ? ['system:serviceaccounts', `system:serviceaccounts:${account[1] ?? ''}`] : groups;
}

/** What constrained modes never allow, though the plain verb may. */
function flawOfGroups(groups: readonly string[]): string | undefined {
  if (groups.includes('')) return 'impersonating the empty string group is not allowed';
  return groups.includes(GROUP_MASTERS) ? 'impersonating the system:masters group is not allowed' : undefined;
}

function flawOfExtra(extra: WantedUser['extra']): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed';
    const [domain = '', ...path] = key.split('/');
    if (path.length === 0 || path.join('/') === '' || dns1123SubdomainMessages(domain).length > 0) {
      return `impersonating an invalid key in extra is not allowed: extra.key: Invalid value: ${JSON.stringify(key)}: must be a domain-prefixed path (such as "acme.io/foo")`;
    }
    if (key !== key.toLowerCase()) return `impersonating a non-lowercase key in extra is not allowed: ${JSON.stringify(key)}`;
    if (values.includes('')) return 'impersonating the empty string value in extra is not allowed';
  }
  return undefined;
}

/** The questions about the parts of a user, which differ in their verb and, for names and groups, in their group. */
function* partChecks(verb: string, constrained: boolean, { name, uid, groups, extra }: WantedUser, nameIs?: string): Generator<ModeCheck> {
  const group = constrained ? AUTHENTICATION : '';
  const account = SERVICE_ACCOUNT.exec(name);
  const node = constrained ? nodeNamed(name) : undefined;
  if (account) yield { asked: about(verb, group, 'serviceaccounts', account[2] ?? '', account[1]) };
  else if (node !== undefined) yield { asked: about(verb, group, 'nodes', nameIs ?? node) };
  else yield { asked: about(verb, group, 'users', name) };
  if (uid !== '') yield { asked: about(verb, AUTHENTICATION, 'uids', uid) };

  const flawedGroups = constrained ? flawOfGroups(groups) : undefined;
  if (flawedGroups !== undefined) yield { asked: about(verb, group, 'groups', groups.includes('') ? '' : GROUP_MASTERS), flaw: flawedGroups };
  const groupChecks = groups.map((one) => ({ asked: about(verb, group, 'groups', one) }));
  if (constrained && groups.length >= MANY) yield { asked: about(verb, group, 'groups', '*'), insteadOf: groupChecks };
  else yield* groupChecks;

  const flawedExtra = constrained ? flawOfExtra(extra) : undefined;
  if (flawedExtra !== undefined) yield { asked: about(verb, AUTHENTICATION, 'userextras', ''), flaw: flawedExtra };
  const extraChecks = Object.entries(extra).flatMap(([key, values]) => values.map((value) => ({ asked: about(verb, AUTHENTICATION, 'userextras', value, '', key) })));
  if (constrained && extraChecks.length >= MANY) yield { asked: about(verb, AUTHENTICATION, 'userextras', '*', '', '*'), insteadOf: extraChecks };
  else yield* extraChecks;
}

/** A mode that asks first whether its user may do, in this mode, what is to be done. */
function constrainedMode(
  name: string,
  applies: ImpersonationMode['applies'],
  { asWhom = (caller) => caller, nameIs }: { asWhom?: ImpersonationMode['asWhom']; nameIs?: string } = {},
): ImpersonationMode {
  const verb = `impersonate:${name}`;
  return {
    constraint: verb,
    applies,
    asWhom,
    *checks(wanted, attributes) {
      yield { asked: { ...attributes, verb: `impersonate-on:${name}:${attributes.verb}` } };
      yield* partChecks(verb, true, wanted, nameIs);
    },
    groupsOf: (wanted) => (nodeNamed(wanted.name) === undefined ? groupsOf(wanted) : ['system:nodes']),
  };
}

/** All modes, the narrowest first. */
export const impersonationModes: readonly ImpersonationMode[] = [
  // A node agent acts as the node that its pod runs on. The question is the same for all nodes, so that its answer is.
  constrainedMode('associated-node', (wanted, caller) => {
    const node = nodeNamed(wanted.name);
    const own = caller.extra?.[NODE_NAME_KEY] ?? [];
    return onlyNamed(wanted) && node !== undefined && SERVICE_ACCOUNT.test(caller.name) && own.length === 1 && own[0] === node;
  }, { nameIs: '*', asWhom: (caller) => ({ ...caller, extra: { 'authentication.kubernetes.io/associated-node-keys': Object.keys(caller.extra ?? {}).sort() } }) }),
  constrainedMode('arbitrary-node', (wanted) => onlyNamed(wanted) && nodeNamed(wanted.name) !== undefined),
  constrainedMode('serviceaccount', (wanted) => onlyNamed(wanted) && SERVICE_ACCOUNT.test(wanted.name)),
  constrainedMode('user-info', ({ name }) => nodeNamed(name) === undefined && !SERVICE_ACCOUNT.test(name)),
  { constraint: undefined, applies: () => true, asWhom: (caller) => caller, checks: (wanted) => partChecks('impersonate', false, wanted), groupsOf },
];
