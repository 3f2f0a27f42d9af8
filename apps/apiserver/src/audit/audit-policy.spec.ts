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

it.each([['kind: Pod', 'no audit policy'], ['kind: Policy', 'loaded illegal policy with 0 rules'], ['{ kind: Policy, rules: [{ level: Loud }] }', '"Loud" is no audit level']])('refuses %s', (text, says) => {
  expect(() => AuditPolicy.parse(text, 'f')).toThrow(says);
});
