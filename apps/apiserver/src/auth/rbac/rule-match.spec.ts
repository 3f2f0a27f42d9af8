import type { rbacv1 } from '@navarch/api';
import type { AuthorizationAttributes } from '../../pipeline';
import { ruleCovers } from './rule-match';

const request = (over: Partial<AuthorizationAttributes>): AuthorizationAttributes => ({
  verb: 'get', isResource: true, path: '', group: '', version: 'v1', resource: 'pods', subresource: '', namespace: 'default', name: '', ...over,
});
const pods: rbacv1.PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };

describe('ruleCovers', () => {
  it.each<[string, rbacv1.PolicyRule, Partial<AuthorizationAttributes>, boolean]>([
    ['a named verb and resource', pods, {}, true],
    ['not another verb', pods, { verb: 'delete' }, false],
    ['not another group', pods, { group: 'apps' }, false],
    ['not a subresource of the resource', pods, { subresource: 'log' }, false],
    ['a subresource named in full', { ...pods, resources: ['pods/log'] }, { subresource: 'log' }, true],
    ['a subresource of any resource', { ...pods, resources: ['*/scale'] }, { resource: 'deployments', subresource: 'scale' }, true],
    ['everything by stars', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { group: 'x.io', subresource: 'status', verb: 'patch' }, true],
    ['a named object', { ...pods, resourceNames: ['a'] }, { name: 'a' }, true],
    ['not an object by another name', { ...pods, resourceNames: ['a'] }, { name: 'b' }, false],
    ['not a list when names are given', { ...pods, resourceNames: ['a'] }, { verb: 'list', name: '' }, false],
    ['a path', { verbs: ['get'], nonResourceURLs: ['/healthz'] }, { isResource: false, path: '/healthz' }, true],
    ['a path by prefix', { verbs: ['get'], nonResourceURLs: ['/api/*'] }, { isResource: false, path: '/api/v1' }, true],
    ['not a path by resource stars', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { isResource: false, path: '/healthz' }, false],
  ])('covers %s', (_reason, rule, over, expected) => {
    expect(ruleCovers(rule, request(over))).toBe(expected);
  });
});
