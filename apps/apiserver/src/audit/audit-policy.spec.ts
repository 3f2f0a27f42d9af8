import { aRequest, aUser } from '../testing/admission-attributes';
import { AuditPolicy } from './audit-policy';

const policy = AuditPolicy.parse(`
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- { level: None, users: [system:kube-proxy], verbs: [watch] }
- { level: RequestResponse, resources: [{ group: "", resources: [pods] }], namespaces: [prod] }
- { level: Metadata, resources: [{ group: "", resources: [secrets, pods/log, "*/status"] }], omitManagedFields: false }
- { level: None, nonResourceURLs: ["/healthz*"] }
- { level: Request, userGroups: [dev], omitStages: [ResponseStarted] }
`, 'policy.yaml');

it.each([
  ['a noisy watch', aUser('system:kube-proxy'), { verb: 'watch' }, 'None'],
  ['a pod of a namespace', aUser('jane'), { namespace: 'prod' }, 'RequestResponse'],
  ['a subresource that is not named', aUser('jane'), { namespace: 'prod', subresource: 'exec' }, 'None'],
  ['a subresource by name', aUser('jane'), { subresource: 'log' }, 'Metadata'],
  ['that subresource of any', aUser('jane'), { resource: 'nodes', namespace: '', subresource: 'status' }, 'Metadata'],
  ['a secret', aUser('jane'), { resource: 'secrets' }, 'Metadata'],
  ['a path', aUser('jane', 'dev'), { isResource: false, path: '/healthz/ping' }, 'None'],
  ['a group', aUser('jane', 'dev'), { group: 'apps', resource: 'deployments' }, 'Request'],
  ['what no rule concerns', aUser('jane'), { group: 'apps', resource: 'deployments' }, 'None'],
])('the first rule decides: %s', (_reason, user, over, level) => {
  expect(policy.decide(user, aRequest(over)).level).toBe(level);
});

it('adds up stages to leave out, and lets a rule say otherwise about managed fields', () => {
  const { omitStages, omitManagedFields } = policy.decide(aUser('jane', 'dev'), aRequest({ group: 'apps', resource: 'deployments' }));
  expect([[...omitStages].sort(), omitManagedFields]).toEqual([['RequestReceived', 'ResponseStarted'], true]);
  expect(policy.decide(aUser('jane'), aRequest({ resource: 'secrets' })).omitManagedFields).toBe(false);
});

it('takes a star for all groups', () => {
  const everywhere = AuditPolicy.parse('{ kind: Policy, rules: [{ level: Request, resources: [{ group: "*", resources: [deployments] }] }] }', 'f');
  const levels = [{ group: 'apps', resource: 'deployments' }, { group: '', resource: 'deployments' }, { group: 'apps', resource: 'replicasets' }].map((over) => everywhere.decide(aUser('jane'), aRequest(over)).level);
  expect(levels).toEqual(['Request', 'Request', 'None']);
});

it.each([['kind: Pod', 'no audit policy'], ['kind: Policy', 'loaded illegal policy with 0 rules']])('refuses %s', (text, says) => {
  expect(() => AuditPolicy.parse(text, 'f')).toThrow(says);
});

it.each([
  ['{}', 'rules[0].level: Required value'],
  ['{ level: Loud }', 'rules[0].level: Unsupported value: "Loud": supported values: "None", "Metadata", "Request", "RequestResponse"'],
  ['{ level: None, omitStages: [Never] }', 'rules[0].omitStages[0]: Invalid value: "Never": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic'],
  ['{ level: None, nonResourceURLs: [healthz] }', "rules[0].nonResourceURLs[0]: Invalid value: \"healthz\": non-resource URL rules must begin with a '/' character"],
  ['{ level: None, nonResourceURLs: ["/*/x"] }', "rules[0].nonResourceURLs[0]: Invalid value: \"/*/x\": non-resource URL wildcards '*' must be the final character of the rule"],
  ['{ level: None, nonResourceURLs: ["*"], namespaces: [a] }', 'rules[0].nonResourceURLs: Invalid value: ["*"]: rules cannot apply to both regular resources and non-resource URLs'],
  ['{ level: None, resources: [{ group: "apps/v1" }] }', 'rules[0].resources.group: Invalid value: "apps/v1": a lowercase RFC 1123 subdomain'],
  ['{ level: None, resources: [{ group: apps, resourceNames: [a] }] }', 'rules[0].resources.resourceNames: Invalid value: ["a"]: using resourceNames requires at least one resource'],
])('refuses a rule %s', (rule, says) => {
  expect(() => AuditPolicy.parse(`{ kind: Policy, rules: [${rule}] }`, 'f')).toThrow(`f: ${says}`);
});
