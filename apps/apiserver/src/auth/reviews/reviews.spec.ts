import { generateKeyPairSync } from 'node:crypto';
import { core, type KubeObject } from '@navarch/api';
import { unauthorized } from '@navarch/apimachinery';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import type { AuthorizationAttributes, Authenticator, Authorizer, Decision, User } from '../../pipeline';
import { aUser } from '../../testing/admission-attributes';
import { ObjectTable } from '../../testing/object-table';
import { ServiceAccountTokens } from '../tokens/service-account-tokens';
import { LegacyTokens } from '../tokens/legacy-tokens';
import { TokenValidator } from '../tokens/token-validator';
import { AccessReviews } from './access-reviews';
import { selfSubjectReviews, TokenReviews } from './identity-reviews';

const jane = aUser('jane', 'team');
const posted = (spec: object | undefined, metadata: KubeObject['metadata'] = {}, namespace = '') =>
  ({ user: jane, namespace, name: '', object: { metadata, ...(spec === undefined ? {} : { spec }) } as KubeObject, dryRun: false, validate: () => undefined, warn: () => undefined });
const statusOf = (review: KubeObject): unknown => (review as { status?: unknown }).status;

class Listening implements Authorizer {
  readonly name = 'listening';
  asked: { user: User; attributes: AuthorizationAttributes } | undefined;

  constructor(private readonly decision: Decision) {}

  authorize(user: User, attributes: AuthorizationAttributes): Decision {
    this.asked = { user, attributes };
    return this.decision;
  }

  rulesFor(user: User, namespace: string) {
    return { resourceRules: [{ verbs: [user.name], resources: [namespace] }], nonResourceRules: [], incomplete: true, evaluationError: 'some' };
  }
}

const resourceAttributes = { verb: 'get', group: 'apps', resource: 'deployments', subresource: 'scale', namespace: 'a', name: 'web' };

describe('access reviews', () => {
  it.each<{ decision: Decision; status: object }>([
    { decision: { verdict: 'allow', reason: 'why' }, status: { allowed: true, reason: 'why' } },
    { decision: { verdict: 'no-opinion' }, status: { allowed: false } },
    { decision: { verdict: 'deny', reason: 'never' }, status: { allowed: false, denied: true, reason: 'never' } },
    { decision: { verdict: 'no-opinion', reason: 'no', error: 'nobody answers' }, status: { allowed: false, reason: 'no', evaluationError: 'nobody answers' } },
  ])('tell a decision: $decision', async ({ decision, status }) => {
    const authorizer = new Listening(decision);
    expect(statusOf(await new AccessReviews(authorizer).self(posted({ resourceAttributes })))).toEqual(status);
    expect(authorizer.asked).toEqual({ user: jane, attributes: { ...resourceAttributes, version: '*', isResource: true, path: '' } });
  });

  it('ask for the one who is named', async () => {
    const authorizer = new Listening({ verdict: 'allow' });
    await new AccessReviews(authorizer).subject(posted({ user: 'joe', groups: ['dev'], uid: '7', extra: { Scopes: ['a'] }, nonResourceAttributes: { path: '/metrics', verb: 'get' } }));
    expect(authorizer.asked?.user).toEqual({ name: 'joe', groups: ['dev'], uid: '7', extra: { scopes: ['a'] } });
    expect(authorizer.asked?.attributes).toMatchObject({ isResource: false, path: '/metrics', verb: 'get', resource: '' });
  });

  it.each([
    { given: { fieldSelector: { rawSelector: 'spec.nodeName=n1' } }, asked: { fieldSelector: 'spec.nodeName=n1' } },
    { given: { fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['n,1'] }, { key: 'b', operator: 'NotIn', values: ['x'] }, { key: 'c', operator: 'In', values: ['x', 'y'] }] } }, asked: { fieldSelector: 'spec.nodeName=n\\,1,b!=x' }, error: 'spec.resourceAttributes.fieldSelector partially ignored due to parse error' },
    { given: { labelSelector: { requirements: [{ key: 'a', operator: 'In', values: ['x', 'y'] }, { key: 'b', operator: 'Exists' }, { key: 'c', operator: 'DoesNotExist' }] } }, asked: { labelSelector: 'a in (x,y),b,!c' } },
    { given: { labelSelector: { rawSelector: 'a in (' }, fieldSelector: { rawSelector: 'a' } }, asked: {}, error: 'spec.resourceAttributes.fieldSelector ignored due to parse error; spec.resourceAttributes.labelSelector ignored due to parse error' },
    { given: { fieldSelector: { requirements: [{ key: 'a', operator: 'In', values: ['x'] }, { key: 'b', operator: 'Near', values: ['x'] }] } }, asked: { fieldSelector: 'a=x' }, error: 'spec.resourceAttributes.fieldSelector partially ignored due to parse error' },
    { given: { fieldSelector: { requirements: [{ key: 'a', operator: 'In', values: ['x'] }, { key: 'b', operator: 'constructor', values: ['x'] }] }, labelSelector: { requirements: [{ key: 'a', operator: 'Exists' }, { key: 'b', operator: 'toString' }] } }, asked: { fieldSelector: 'a=x', labelSelector: 'a' }, error: 'spec.resourceAttributes.fieldSelector partially ignored due to parse error; spec.resourceAttributes.labelSelector partially ignored due to parse error' },
  ])('ask with selectors: $asked', async ({ given, asked, error }) => {
    const authorizer = new Listening({ verdict: 'allow' });
    const answer = await new AccessReviews(authorizer).self(posted({ resourceAttributes: { verb: 'list', resource: 'pods', ...given } }));
    expect(statusOf(answer)).toEqual({ allowed: true, ...(error === undefined ? {} : { evaluationError: error }) });
    expect(authorizer.asked?.attributes).toEqual({ verb: 'list', isResource: true, path: '', group: '', version: '*', resource: 'pods', subresource: '', namespace: '', name: '', ...asked });
  });

  const nonResourceAttributes = { path: '/x', verb: 'get' };
  it.each<{ kind: 'self' | 'subject' | 'local'; reason: string; spec: object | undefined; metadata?: KubeObject['metadata']; code?: number; message: string }>([
    { kind: 'self', reason: 'nothing', spec: undefined, message: 'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified' },
    { kind: 'self', reason: 'both', spec: { resourceAttributes, nonResourceAttributes }, message: 'spec.nonResourceAttributes: Invalid value: {"path":"/x","verb":"get"}: cannot be specified in combination with resourceAttributes' },
    { kind: 'self', reason: 'a name of the review', spec: { resourceAttributes }, metadata: { name: 'x' }, message: 'metadata: Invalid value: {"name":"x"}: must be empty' },
    { kind: 'subject', reason: 'nobody', spec: { resourceAttributes }, message: 'spec.user: Invalid value: "": at least one of user or group must be specified' },
    { kind: 'self', reason: 'an empty selector', spec: { resourceAttributes: { ...resourceAttributes, fieldSelector: {} } }, message: 'spec.resourceAttributes.fieldSelector.requirements: Required value: when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required' },
    { kind: 'self', reason: 'two selectors in one', spec: { resourceAttributes: { ...resourceAttributes, labelSelector: { rawSelector: 'a', requirements: [{ key: 'b', operator: 'Exists' }] } } }, message: 'spec.resourceAttributes.labelSelector.rawSelector: Invalid value: "a": may not specified at the same time as requirements' },
    { kind: 'self', reason: 'a selector without values', spec: { resourceAttributes: { ...resourceAttributes, fieldSelector: { requirements: [{ key: '', operator: 'In' }] } } }, message: '[spec.resourceAttributes.fieldSelector.requirements[0].key: Required value: must be specified, spec.resourceAttributes.fieldSelector.requirements[0].values: Required value: must be specified when `operator` is \'In\' or \'NotIn\']' },
    { kind: 'local', reason: 'another namespace', spec: { user: 'joe', resourceAttributes: { ...resourceAttributes, namespace: 'b' } }, message: 'spec.resourceAttributes.namespace: Invalid value: "b": must match metadata.namespace' },
    { kind: 'local', reason: 'a path', spec: { user: 'joe', nonResourceAttributes }, message: 'spec.nonResourceAttributes: Invalid value: {"path":"/x","verb":"get"}: disallowed on this kind of request' },
    { kind: 'local', reason: 'a review of another namespace', spec: { user: 'joe', resourceAttributes }, metadata: { namespace: 'b' }, code: 400, message: 'spec.resourceAttributes.namespace must match namespace: a' },
  ])('refuse $reason ($kind)', async ({ kind, spec, metadata, code = 422, message }) => {
    const text = code === 422 ? `.authorization.k8s.io "" is invalid: ${message}` : message;
    await expect(new AccessReviews(new Listening({ verdict: 'allow' }))[kind](posted(spec, metadata, 'a'))).rejects.toMatchObject({ code, message: text });
  });

  it('ask about their own namespace', async () => {
    expect(statusOf(await new AccessReviews(new Listening({ verdict: 'allow' })).local(posted({ user: 'joe', resourceAttributes }, { namespace: 'a' }, 'a')))).toEqual({ allowed: true });
  });

  it('list the rules of who asks', async () => {
    const reviews = new AccessReviews(new Listening({ verdict: 'allow' }));
    expect(await reviews.rules(posted({ namespace: 'a' }))).toEqual({ metadata: {}, spec: {}, status: { resourceRules: [{ verbs: ['jane'], resources: ['a'] }], nonResourceRules: [], incomplete: true, evaluationError: 'some' } });
    await expect(reviews.rules(posted(undefined))).rejects.toThrow('no namespace on request');
  });
});

describe('identity reviews', () => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  const clock = new FakeClock(now);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const tokens = new ServiceAccountTokens('https://issuer', ['api'], { signingKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), verificationKeys: [] });
  const table = new ObjectTable().put(core.serviceaccounts, { metadata: { namespace: 'default', name: 'robot', uid: 'sa' } });
  const bootstrap: Authenticator = {
    name: 'bootstrap',
    authenticate: ({ authorization }) => {
      if (authorization === 'Bearer wrong') throw unauthorized();
      return authorization === 'Bearer boot' ? aUser('system:bootstrap:x', 'system:bootstrappers') : undefined;
    },
  };
  const reviews = new TokenReviews({
    validator: new TokenValidator({
      tokens,
      legacy: new LegacyTokens({ tokens, reader: table, writer: table.writer, clock, log: silentLogger }),
      reader: table,
      clock,
    }),
    others: [bootstrap],
    apiAudiences: ['api', 'api2'],
  });
  const review = async (token: string, audiences?: string[]) => statusOf(await reviews.review(posted({ token, ...(audiences ? { audiences } : {}) })));
  const issue = (audiences: string[], nowMs = now) => tokens.issue({ namespace: 'default', serviceAccount: { name: 'robot', uid: 'sa' } }, { audiences, lifetimeSeconds: 3600, nowMs }).then(({ token }) => token);

  it('tell who asks', async () => {
    expect(await selfSubjectReviews(clock)({ ...posted(undefined), user: { ...jane, uid: '', extra: { a: ['b'] } } })).toEqual({
      metadata: { creationTimestamp: '2030-01-01T00:00:00Z' },
      status: { userInfo: { username: 'jane', groups: ['team'], extra: { a: ['b'] } } },
    });
  });

  it('tell whose a service account\'s token is, and for whom', async () => {
    expect(await review(await issue(['api', 'vault']))).toMatchObject({
      authenticated: true,
      audiences: ['api'],
      user: {
        username: 'system:serviceaccount:default:robot',
        uid: 'sa',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      },
    });
    expect(await review(await issue(['api', 'vault']), ['vault'])).toMatchObject({ authenticated: true, audiences: ['vault'] });
  });

  it('tell whose another token is, which is for the server only', async () => {
    expect(await review('boot')).toEqual({ authenticated: true, audiences: ['api', 'api2'], user: { username: 'system:bootstrap:x', groups: ['system:bootstrappers'] } });
    expect(await review('boot', ['api2', 'x'])).toMatchObject({ authenticated: true, audiences: ['api2'] });
    expect(await review('boot', ['x'])).toEqual({ user: {}, error: 'invalid bearer token' });
  });

  it.each<{ reason: string; token: () => Promise<string> | string; audiences?: string[]; error: string }>([
    { reason: 'nonsense', token: () => 'nonsense', error: 'invalid bearer token' },
    { reason: 'a wrong bootstrap token', token: () => 'wrong', error: 'invalid bearer token' },
    { reason: 'its end', token: () => issue(['api'], now - 7_200_000), error: '[invalid bearer token, service account token has expired]' },
    { reason: 'a wrong audience', token: () => issue(['api']), audiences: ['x'], error: '[invalid bearer token, token audiences ["api"] is invalid for the target audiences ["x"]]' },
  ])('refuse $reason', async ({ token, audiences, error }) => {
    expect(await review(await token(), audiences)).toEqual({ user: {}, error });
  });

  it.each([undefined, {}, { token: '' }])('want a token: %p', async (spec) => {
    await expect(reviews.review(posted(spec))).rejects.toMatchObject({ code: 400, message: 'token is required for TokenReview in authentication' });
  });
});
