import type { AuthorizationAttributes, User } from '../../pipeline';
import { AbacAuthorizer } from './abac-authorizer';
import { parsePolicyFile } from './policy-file';

const v1beta1 = (spec: object): string => JSON.stringify({ apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy', spec });
const authorizerOf = (...lines: string[]): AbacAuthorizer => new AbacAuthorizer(parsePolicyFile(lines.join('\n'), 'policies'));
const user = (name: string, ...groups: string[]): User => ({ name, groups: [...groups, 'system:authenticated'] });
const none = { path: '', group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
const on = (verb: string, resource: string, namespace = '', group = ''): AuthorizationAttributes => ({ ...none, verb, isResource: true, resource, namespace, group });
const at = (verb: string, path: string): AuthorizationAttributes => ({ ...none, verb, isResource: false, path });

// Among them cases of upstream's pkg/auth/authorizer/abac/abac_test.go.
describe('policies of ABAC', () => {
  const authorizer = authorizerOf(
    '# who reads', '', v1beta1({ user: 'reader', namespace: '*', resource: 'pods', readonly: true }), v1beta1({ group: 'ops', namespace: 'web', resource: '*', apiGroup: '*' }),
    v1beta1({ user: 'jane', group: 'dev', namespace: '*', resource: '*', apiGroup: 'apps' }), v1beta1({ user: '*', nonResourcePath: '/logs/*' }), v1beta1({ user: 'reader', nonResourcePath: '/healthz' }),
    v1beta1({ resource: '*', namespace: '*', apiGroup: '*' }), JSON.stringify({ user: 'old', resource: 'pods', namespace: 'web' }),
  );

  it.each<[who: User, what: AuthorizationAttributes, allowed: boolean]>([
    [user('reader'), on('list', 'pods', 'any'), true],
    [user('reader'), on('create', 'pods', 'any'), false],
    [user('reader'), on('list', 'pods', 'any', 'other'), false],
    [user('reader'), on('list', 'services', 'any'), false],
    [user('joe', 'ops'), on('delete', 'deployments', 'web', 'apps'), true],
    [user('joe', 'ops'), on('delete', 'deployments', 'other', 'apps'), false],
    [user('jane', 'dev'), on('create', 'deployments', 'web', 'apps'), true],
    [user('jane'), on('create', 'deployments', 'web', 'apps'), false],
    [user('joe', 'dev'), on('create', 'deployments', 'web', 'apps'), false],
    [user('joe'), at('post', '/logs/a/b'), true],
    [{ name: 'system:anonymous', groups: ['system:unauthenticated'] }, at('get', '/logs/a'), false],
    [user('joe'), at('get', '/healthz'), false],
    [user('reader'), at('get', '/healthz'), true],
    [user('reader'), at('get', '/healthz/ping'), false],
    [user('old'), on('create', 'pods', 'web'), true],
    [user('old'), on('create', 'pods', 'other'), false],
    [user('joe'), on('get', 'pods', 'web'), false],
  ])('%j: %j %p', (who, what, allowed) => {
    expect(authorizer.authorize(who, what)).toEqual(allowed ? { verdict: 'allow' } : { verdict: 'no-opinion', reason: 'No policy matched.' });
  });

  it('of the former form leave out what is everything', () => {
    const old = authorizerOf('{}');
    expect([old.authorize(user('joe'), on('delete', 'nodes')), old.authorize(user('joe'), at('post', '/x'))]).toEqual([{ verdict: 'allow' }, { verdict: 'allow' }]);
    expect(authorizerOf('{"user":"*","resource":"pods"}').authorize(user('joe'), at('get', '/x')).verdict).toBe('no-opinion');
  });

  it('tell a user of its rules', () => {
    expect(authorizer.rulesFor(user('reader'), 'web')).toEqual({ resourceRules: [{ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods'] }], nonResourceRules: [], incomplete: false });
    expect(authorizer.rulesFor(user('reader'), '').nonResourceRules).toEqual([{ verbs: ['*'], nonResourceURLs: ['/logs/*'] }, { verbs: ['*'], nonResourceURLs: ['/healthz'] }]);
  });

  it.each([
    ['{"user":1}', 'json: cannot unmarshal number into Go struct field Policy.user of type string'],
    [v1beta1({ readonly: 'yes' }), 'json: cannot unmarshal string into Go struct field Policy.readonly of type bool'],
    ['{"apiVersion":"v9","kind":"Policy"}', 'no kind "Policy" is registered for version "v9"'],
    ['[]', 'json: cannot unmarshal a value that is no object'],
    ['{', 'error reading policy file policies, line 2: {: '],
  ])('are refused by line: %s', (line, why) => {
    expect(() => authorizerOf('# first', line)).toThrow(why);
    expect(() => authorizerOf('# first', line)).toThrow('error reading policy file policies, line 2');
  });
});
