import { stringify } from 'yaml';
import { parseAuthorizationConfig } from './authorization-config';

const webhook = (over: object = {}) => ({
  type: 'Webhook',
  name: 'w',
  webhook: {
    authorizedTTL: '5m',
    unauthorizedTTL: '30s',
    timeout: '3s',
    subjectAccessReviewVersion: 'v1',
    failurePolicy: 'Deny',
    connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/w.kubeconfig' },
    ...over,
  },
});
const parsed = (...authorizers: object[]) => parseAuthorizationConfig(stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers }));

it('names authorizers in order', () => {
  const found = parsed({ type: 'Node', name: 'node' }, webhook({ matchConditionSubjectAccessReviewVersion: 'v1', matchConditions: [{ expression: 'has(request.resourceAttributes)' }] }), { type: 'RBAC', name: 'rbac' });
  expect(found.map(({ type, name }) => `${type} ${name}`)).toEqual(['Node node', 'Webhook w', 'RBAC rbac']);
  expect(found[1]?.webhook).toEqual({
    authorizedTtlMs: 300_000,
    unauthorizedTtlMs: 30_000,
    timeoutMs: 3000,
    reviewVersion: 'v1',
    failurePolicy: 'Deny',
    kubeConfigFile: '/w.kubeconfig',
    matchConditions: ['has(request.resourceAttributes)'],
  });
});

it.each<[object, number, number]>([
  [{ authorizedTTL: undefined, unauthorizedTTL: undefined }, 300_000, 30_000],
  [{ authorizedTTL: '0s', unauthorizedTTL: '0s' }, 300_000, 30_000],
  [{ authorizedTTL: '0s', cacheAuthorizedRequests: false, unauthorizedTTL: '1s', cacheUnauthorizedRequests: false }, 0, 0],
])('keeps answers as upstream does by %j', (over, authorizedTtlMs, unauthorizedTtlMs) => {
  expect(parsed(webhook(over))[0]?.webhook).toMatchObject({ authorizedTtlMs, unauthorizedTtlMs });
  expect(() => parsed(webhook({ authorizedTTL: '-1s' }))).toThrow('authorizers[0].webhook.authorizedTTL: Invalid value: "-1s": must be > 0s');
});

it('takes webhooks that speak the older reviews', () => {
  expect(parsed(webhook({ subjectAccessReviewVersion: 'v1beta1' }))[0]?.webhook?.reviewVersion).toBe('v1beta1');
});

it.each<{ what: string; authorizers: object[]; says: string }>([
  { what: 'nobody', authorizers: [], says: 'authorizers: Required value' },
  { what: 'a kind that is not known', authorizers: [{ type: 'ABAC', name: 'a' }], says: 'authorizers[0].type: Unsupported value: "ABAC"' },
  { what: 'a name twice', authorizers: [{ type: 'Node', name: 'a' }, { type: 'RBAC', name: 'a' }], says: 'authorizers[1].name: Duplicate value: "a"' },
  { what: 'RBAC twice', authorizers: [{ type: 'RBAC', name: 'a' }, { type: 'RBAC', name: 'b' }], says: 'authorizers[1].type: Duplicate value: "RBAC"' },
  { what: 'a webhook of which nothing is said', authorizers: [{ type: 'Webhook', name: 'a' }], says: 'authorizers[0].webhook: Required value: required when type=Webhook' },
  { what: 'a webhook that is none', authorizers: [{ ...webhook(), type: 'Node' }], says: 'authorizers[0].webhook: Invalid value: may only be specified when type=Webhook' },
  { what: 'no end of patience', authorizers: [webhook({ timeout: '1m' })], says: 'authorizers[0].webhook.timeout: Invalid value: "1m": must be <= 30s' },
  { what: 'reviews of a version that nobody speaks', authorizers: [webhook({ subjectAccessReviewVersion: 'v2' })], says: 'authorizers[0].webhook.subjectAccessReviewVersion: Unsupported value: "v2": supported values: "v1", "v1beta1"' },
  { what: 'no word on silence', authorizers: [webhook({ failurePolicy: undefined })], says: 'authorizers[0].webhook.failurePolicy: Required value' },
  { what: 'a condition that is none', authorizers: [webhook({ matchConditionSubjectAccessReviewVersion: 'v1', matchConditions: [{ expression: 'request.nonsense' }] })], says: 'authorizers[0].webhook.matchConditions[0].expression: Invalid value' },
])('does not start with $what', ({ authorizers, says }) => {
  expect(() => parsed(...authorizers)).toThrow(says);
});
