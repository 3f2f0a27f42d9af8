import { FakeClock } from '@navarch/clock';
import { createRegistry, silentLogger } from '@navarch/component-base';
import type { AuthenticationRequest, Decision } from '../../pipeline';
import { aRequest, aUser } from '../../testing/admission-attributes';
import { ObjectTable } from '../../testing/object-table';
import { WebhookStatusError } from '../../services/kubeconfig-endpoint';
import { FreshAuthorizer } from '../fresh-authorizer';
import { AuthorizerMetrics } from '../named-authorizers';
import { TimedCache } from './timed-cache';
import { WebhookAuthorizer, type WebhookAuthorizerOptions } from './webhook-authorizer';
import { WebhookAuthorizerMetrics } from './webhook-authorizer-metrics';
import { WebhookTokenAuthenticator } from './webhook-token-authenticator';

/** Answers reviews in memory; an Error is thrown. */
class Endpoint {
  readonly asked: unknown[] = [];
  constructor(public answer: unknown) {}
  post<T>(body: unknown): Promise<T> {
    this.asked.push(body);
    return this.answer instanceof Error ? Promise.reject(this.answer) : Promise.resolve(this.answer as T);
  }
}

describe('authorisation by webhook', () => {
  const jane = { ...aUser('jane', 'dev'), uid: '7', extra: { scope: ['a'] } };
  const over = (endpoint: Endpoint, clock = new FakeClock(), options: Partial<WebhookAuthorizerOptions> = {}): WebhookAuthorizer =>
    new WebhookAuthorizer(
      {
        name: 'w',
        authorizedTtlMs: 1000,
        unauthorizedTtlMs: 100,
        timeoutMs: 1000,
        reviewVersion: 'v1',
        failurePolicy: 'NoOpinion',
        matchConditions: [],
        ...options,
      },
      { endpoint, clock, log: silentLogger, metrics: new WebhookAuthorizerMetrics(createRegistry()) },
    );

  it('asks about resources and paths', async () => {
    const endpoint = new Endpoint({ status: { allowed: true, reason: 'why not' } });
    expect(await over(endpoint).authorize(jane, aRequest({ name: 'web' }))).toEqual({ verdict: 'allow', reason: 'why not' });
    expect(endpoint.asked[0]).toMatchObject({
      kind: 'SubjectAccessReview',
      spec: {
        user: 'jane',
        uid: '7',
        groups: ['dev'],
        extra: { scope: ['a'] },
        resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default', name: 'web' },
      },
    });
    await over(endpoint).authorize(jane, aRequest({ isResource: false, path: '/metrics' }));
    expect(endpoint.asked[1]).toMatchObject({ spec: { nonResourceAttributes: { verb: 'get', path: '/metrics' } } });
  });

  it('says by what a request selects, as far as it can be read', async () => {
    const endpoint = new Endpoint({ status: { allowed: true } });
    await over(endpoint).authorize(jane, aRequest({ verb: 'list', fieldSelector: 'spec.nodeName=n1,a!=b', labelSelector: 'x,y in (1,2),!z' }));
    expect(endpoint.asked[0]).toMatchObject({ spec: { resourceAttributes: {
      fieldSelector: { requirements: [{ key: 'a', operator: 'NotIn', values: ['b'] }, { key: 'spec.nodeName', operator: 'In', values: ['n1'] }] },
      labelSelector: { requirements: [{ key: 'x', operator: 'Exists' }, { key: 'y', operator: 'In', values: ['1', '2'] }, { key: 'z', operator: 'DoesNotExist' }] },
    } } });
    await over(endpoint).authorize(jane, aRequest({ verb: 'list', fieldSelector: 'nonsense' }));
    expect(endpoint.asked[1]).not.toHaveProperty('spec.resourceAttributes.fieldSelector');
  });

  it('asks in the older version where it is told to', async () => {
    const endpoint = new Endpoint({ status: { allowed: true } });
    expect(await over(endpoint, new FakeClock(), { reviewVersion: 'v1beta1' }).authorize(jane, aRequest())).toEqual({ verdict: 'allow' });
    expect(endpoint.asked[0]).toMatchObject({ apiVersion: 'authorization.k8s.io/v1beta1', kind: 'SubjectAccessReview', spec: { user: 'jane', group: ['dev'], uid: '7' } });
    expect(endpoint.asked[0]).not.toHaveProperty('spec.groups');
  });

  it.each<[unknown, unknown]>([
    [{ status: { allowed: false } }, { verdict: 'no-opinion' }],
    [{ status: { allowed: false, denied: true, reason: 'never' } }, { verdict: 'deny', reason: 'never' }],
    [{}, { verdict: 'no-opinion' }],
    [{ status: { allowed: true, denied: true, reason: 'both' } }, { verdict: 'deny', reason: 'both', error: 'webhook subject access review returned both allow and deny response' }],
    [new Error('down'), { verdict: 'no-opinion', error: 'down' }],
  ])('%j is %j', async (answer, decision) => {
    expect(await over(new Endpoint(answer)).authorize(jane, aRequest())).toEqual(decision);
  });

  it('is asked again while what is wrong may pass, five times in all', async () => {
    const clock = new FakeClock();
    const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    for (const [error, times] of [[reset, 5], [new WebhookStatusError(500, 'oops'), 5], [new WebhookStatusError(503, '', true), 5], [new WebhookStatusError(503, ''), 1], [new Error('down'), 1]] as const) {
      const endpoint = new Endpoint(error);
      const deciding = over(endpoint, clock).authorize(jane, aRequest());
      await clock.advance(10_000);
      expect(await deciding).toEqual({ verdict: 'no-opinion', error: error.message });
      expect(endpoint.asked).toHaveLength(times);
    }
    const endpoint = new Endpoint(reset);
    const deciding = over(endpoint, clock).authorize(jane, aRequest());
    await clock.advance(400);
    endpoint.answer = { status: { allowed: true } };
    await clock.advance(300);
    expect(await deciding).toEqual({ verdict: 'allow' });
  });

  it('keeps no answers to questions that are very long', async () => {
    const endpoint = new Endpoint({ status: { allowed: true } });
    const authorizer = over(endpoint);
    for (const length of [9_000, 9_000, 11_000, 11_000]) await authorizer.authorize(jane, aRequest({ isResource: false, path: `/${'x'.repeat(length)}` }));
    expect(endpoint.asked).toHaveLength(3);
    const labelSelector = `a in (${Array.from({ length: 2_000 }, (_, i) => `v${i}`).join()})`;
    for (const times of [4, 5]) {
      await authorizer.authorize(jane, aRequest({ verb: 'list', labelSelector }));
      expect(endpoint.asked).toHaveLength(times);
    }
    const many = aUser('many', ...Array.from({ length: 1_000 }, (_, i) => `of-many-groups-${i}`));
    for (const times of [6, 6]) {
      await authorizer.authorize(many, aRequest());
      expect(endpoint.asked).toHaveLength(times);
    }
  });

  it('keeps answers, refusals for a shorter time, failures not at all', async () => {
    const clock = new FakeClock();
    const endpoint = new Endpoint({ status: { allowed: false } });
    const authorizer = over(endpoint, clock);
    await authorizer.authorize(jane, aRequest());
    await authorizer.authorize(jane, aRequest());
    expect(endpoint.asked).toHaveLength(1);
    await clock.advance(101);
    endpoint.answer = new Error('down');
    await authorizer.authorize(jane, aRequest());
    endpoint.answer = { status: { allowed: true } };
    expect(await authorizer.authorize(jane, aRequest())).toEqual({ verdict: 'allow' });
    await clock.advance(900);
    await authorizer.authorize(jane, aRequest());
    expect(endpoint.asked).toHaveLength(3);
  });

  it('denies in silence when nothing may go without it', async () => {
    expect(await over(new Endpoint(new Error('down')), new FakeClock(), { failurePolicy: 'Deny' }).authorize(jane, aRequest())).toMatchObject({ verdict: 'deny' });
  });

  it('is not asked what its conditions leave out', async () => {
    const endpoint = new Endpoint({ status: { allowed: true } });
    const authorizer = over(endpoint, new FakeClock(), { matchConditions: ['has(request.resourceAttributes)', 'request.resourceAttributes.namespace == "prod"'] });
    expect(await authorizer.authorize(jane, aRequest({ namespace: 'test' }))).toEqual({ verdict: 'no-opinion' });
    expect(endpoint.asked).toEqual([]);
    expect(await authorizer.authorize(jane, aRequest({ namespace: 'prod' }))).toEqual({ verdict: 'allow' });
    expect(
      await over(endpoint, new FakeClock(), {
        matchConditions: ['request.uid == "" && size(request.extra) == 0', 'request.resourceAttributes.fieldSelector.requirements.exists(r, r.key == "a")'],
      }).authorize(aUser('joe'), aRequest({ fieldSelector: 'a=b' })),
    ).toEqual({ verdict: 'allow' });
    const unclear = ['request.resourceAttributes.name == "x"'];
    expect(await over(endpoint, new FakeClock(), { matchConditions: unclear, failurePolicy: 'Deny' }).authorize(jane, aRequest({ isResource: false, path: '/x' }))).toMatchObject({ verdict: 'deny' });
    expect(await over(endpoint, new FakeClock(), { matchConditions: unclear }).authorize(jane, aRequest({ isResource: false, path: '/x' }))).toMatchObject({ verdict: 'no-opinion' });
  });

  it('is not asked again when a refusal is looked at on fresh data, by whatever name it is counted', async () => {
    const [clock, endpoint, table] = [new FakeClock(), new Endpoint(new WebhookStatusError(500, 'oops')), new ObjectTable()];
    const counted = new AuthorizerMetrics(createRegistry()).counting({ type: 'Webhook', name: 'w' }, over(endpoint, clock));
    let bound = false;
    const late = { name: 'late', authorize: (): Decision => ({ verdict: bound ? 'allow' : 'no-opinion' }) };
    const deciding = new FreshAuthorizer([counted, late], table).authorize(jane, aRequest());
    table.late.push(() => (bound = true));
    await clock.advance(10_000);
    expect(await deciding).toEqual({ verdict: 'allow' });
    expect([endpoint.asked.length, table.refreshes]).toEqual([5, 1]);
    const denying = new Endpoint({ status: { denied: true } });
    expect(await new FreshAuthorizer([over(denying, clock, { unauthorizedTtlMs: 0 })], table).authorize(jane, aRequest())).toEqual({ verdict: 'deny' });
    expect(denying.asked).toHaveLength(1);
  });

  it('takes its turn among others', async () => {
    const no = { name: 'none', authorize: () => ({ verdict: 'no-opinion' as const, reason: 'not me' }) };
    const yes = { name: 'all', authorize: () => ({ verdict: 'allow' as const }) };
    expect(await new FreshAuthorizer([no, over(new Endpoint({ status: { allowed: false } })), yes], new ObjectTable()).authorize(jane, aRequest())).toEqual({ verdict: 'allow' });
    expect(await new FreshAuthorizer([no, over(new Endpoint({ status: { denied: true } })), yes], new ObjectTable()).authorize(jane, aRequest())).toEqual({ verdict: 'deny' });
    expect(await new FreshAuthorizer([no, over(new Endpoint({ status: { reason: 'nor me' } }))], new ObjectTable()).authorize(jane, aRequest())).toEqual({ verdict: 'no-opinion', reason: 'not me\nnor me' });
    expect(new FreshAuthorizer([over(new Endpoint({}))], new ObjectTable()).rulesFor(jane, 'a')).toMatchObject({ incomplete: true, evaluationError: 'webhook authorizer does not support user rule resolution' });
  });
});

describe('authentication by webhook', () => {
  const bearer = (token: string): AuthenticationRequest => ({ peer: undefined, authorization: `Bearer ${token}`, headers: {} });
  const over = (endpoint: Endpoint, clock = new FakeClock(), reviewVersion: 'v1' | 'v1beta1' = 'v1'): WebhookTokenAuthenticator =>
    new WebhookTokenAuthenticator({ audiences: ['api'], ttlMs: 1000, reviewVersion }, { endpoint, clock, log: silentLogger });

  it('asks once for a token, and knows nobody without one', async () => {
    const endpoint = new Endpoint({ status: { authenticated: true, user: { username: 'jane', groups: ['dev'], uid: '7' }, audiences: ['api'] } });
    const authenticator = over(endpoint);
    expect(await authenticator.authenticate(bearer('t'))).toEqual({ name: 'jane', groups: ['dev'], uid: '7' });
    await authenticator.authenticate(bearer('t'));
    expect(endpoint.asked).toEqual([{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token: 't', audiences: ['api'] } }]);
    expect(await authenticator.authenticate({ peer: undefined, authorization: undefined, headers: {} })).toBeUndefined();
  });

  it('asks once for requests that come at once, and again after a failure that may pass', async () => {
    const clock = new FakeClock();
    const endpoint = new Endpoint(new WebhookStatusError(500, 'oops'));
    const authenticator = over(endpoint, clock);
    const many = Promise.all([1, 2, 3].map(() => authenticator.authenticate(bearer('t'))));
    await clock.advance(100);
    endpoint.answer = { status: { authenticated: true, user: { username: 'jane' } } };
    await clock.advance(600);
    expect(await many).toEqual(Array(3).fill({ name: 'jane', groups: [] }));
    expect(endpoint.asked).toHaveLength(2);
  });

  it('asks in the older version where it is told to', async () => {
    const endpoint = new Endpoint({ status: { authenticated: true, user: { username: 'jane' } } });
    expect(await over(endpoint, new FakeClock(), 'v1beta1').authenticate(bearer('t'))).toEqual({ name: 'jane', groups: [] });
    expect(endpoint.asked).toMatchObject([{ apiVersion: 'authentication.k8s.io/v1beta1', spec: { token: 't' } }]);
  });

  it.each([[{ status: { authenticated: false } }], [{}], [{ status: { authenticated: true, user: { username: 'jane' }, audiences: ['other'] } }]])('leaves %j to others', async (answer) => {
    expect(await over(new Endpoint(answer)).authenticate(bearer('t'))).toBeUndefined();
  });

  it('refuses while nobody answers', async () => {
    await expect(over(new Endpoint(new Error('down'))).authenticate(bearer('t'))).rejects.toMatchObject({ code: 401 });
  });
});

it('forgets the oldest answer first, and each in time', async () => {
  const clock = new FakeClock();
  const cache = new TimedCache<number>(2, clock);
  cache.set('a', 1, 100);
  cache.set('b', 2, 200);
  cache.set('c', 3, 300);
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual([undefined, 2, 3]);
  await clock.advance(250);
  expect(['b', 'c'].map((key) => cache.get(key))).toEqual([undefined, 3]);
});

it('drops answers that are over, though nobody asks for them again', async () => {
  const clock = new FakeClock();
  const cache = new TimedCache<number>(100, clock);
  for (let i = 0; i < 8; i++) cache.set(`old ${i}`, i, 100);
  await clock.advance(101);
  for (let i = 0; i < 8; i++) cache.set(`new ${i}`, i, 100);
  expect(cache.size).toBe(8);
});
