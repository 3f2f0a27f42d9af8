import type { rbacv1 } from '@navarch/api';
import * as fc from 'fast-check';
import type { AuthorizationAttributes } from '../../pipeline';
import { aRequest } from '../../testing/admission-attributes';
import { describeRules, uncovered } from './rule-covers';
import { ruleCovers } from './rule-match';

type Rule = rbacv1.PolicyRule;
const rule = (verbs: string, groups: string, resources: string, names?: string): Rule => ({
  verbs: verbs.split(','), apiGroups: groups.split(','), resources: resources.split(','), ...(names === undefined ? {} : { resourceNames: names.split(',') }),
});
const paths = (verbs: string, urls: string): Rule => ({ verbs: verbs.split(','), nonResourceURLs: urls.split(',') });

describe('uncovered', () => {
  it.each<{ reason: string; held: Rule[]; wanted: Rule[]; missing: string }>([
    { reason: 'the same rule', held: [rule('get', '', 'pods')], wanted: [rule('get', '', 'pods')], missing: '' },
    { reason: 'one verb too many', held: [rule('get', '', 'pods')], wanted: [rule('get,list', '', 'pods')], missing: '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}' },
    { reason: 'verbs of one resource are listed together', held: [], wanted: [rule('get,list', 'apps', 'deployments,replicasets')], missing: '{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}\n{APIGroups:["apps"], Resources:["replicasets"], Verbs:["get" "list"]}' },
    { reason: 'several rules together', held: [rule('get', '', 'pods'), rule('list', '', 'pods')], wanted: [rule('get,list', '', 'pods')], missing: '' },
    { reason: 'stars cover all', held: [rule('*', '*', '*')], wanted: [rule('get', 'x', 'y/z', 'n')], missing: '' },
    { reason: 'resource stars cover no paths', held: [rule('*', '*', '*')], wanted: [paths('get', '/metrics')], missing: '{NonResourceURLs:["/metrics"], Verbs:["get"]}' },
    { reason: 'all is more than some', held: [rule('get', '', 'pods')], wanted: [rule('*', '*', '*')], missing: '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}' },
    { reason: 'a subresource of any resource', held: [rule('get', '', '*/scale')], wanted: [rule('get', '', 'pods/scale')], missing: '' },
    { reason: 'a resource is not its subresource', held: [rule('get', '', 'pods')], wanted: [rule('get', '', 'pods/log')], missing: '{APIGroups:[""], Resources:["pods/log"], Verbs:["get"]}' },
    { reason: 'all names cover one', held: [rule('get', '', 'pods')], wanted: [rule('get', '', 'pods', 'a')], missing: '' },
    { reason: 'one name does not cover all', held: [rule('get', '', 'pods', 'a')], wanted: [rule('get', '', 'pods')], missing: '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}' },
    { reason: 'another name', held: [rule('get', '', 'pods', 'a')], wanted: [rule('get', '', 'pods', 'a,b')], missing: '{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}' },
    { reason: 'a path by prefix', held: [paths('get', '/api/*')], wanted: [paths('get', '/api/v1,/api/*')], missing: '' },
    { reason: 'a prefix is more than a path', held: [paths('get', '/api/v1')], wanted: [paths('get', '/api/*')], missing: '{NonResourceURLs:["/api/*"], Verbs:["get"]}' },
    { reason: 'nothing wanted', held: [], wanted: [], missing: '' },
  ])('$reason', ({ held, wanted, missing }) => {
    expect(describeRules(uncovered(held, wanted))).toBe(missing);
  });

  const list = (...values: string[]): fc.Arbitrary<string[]> => fc.subarray(values, { minLength: 1 });
  const anyRule = fc.record({ verbs: list('get', 'list', '*'), apiGroups: list('', 'apps', '*'), resources: list('pods', 'pods/log', '*/log', '*'), resourceNames: fc.subarray(['a', 'b']) });
  const anyRequest = fc.record({
    verb: fc.constantFrom('get', 'list'), group: fc.constantFrom('', 'apps', 'batch'), resource: fc.constantFrom('pods', 'jobs'), subresource: fc.constantFrom('', 'log'), name: fc.constantFrom('', 'a', 'c'),
  });

  it('never calls covered what allows a request that the held rules do not', () => {
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 3 }), anyRule, anyRequest, (held, wanted, over) => {
        const request: AuthorizationAttributes = aRequest(over);
        fc.pre(uncovered(held, [wanted]).length === 0 && ruleCovers(wanted, request));
        expect(held.some((one) => ruleCovers(one, request))).toBe(true);
      }),
    );
  });
});
