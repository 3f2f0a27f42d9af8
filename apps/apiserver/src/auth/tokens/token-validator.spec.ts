import { generateKeyPairSync } from 'node:crypto';
import { core, type KubeObject } from '@navarch/api';
import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { ServiceAccountAuthenticator } from '../authentication/service-account';
import { ObjectTable } from '../../testing/object-table';
import { ServiceAccountTokens, type TokenSubject } from './service-account-tokens';
import { LegacyTokens } from './legacy-tokens';
import type { CountUse, TokenUse } from './token-uses';
import { TokenValidator, userOf } from './token-validator';

const now = Date.parse('2030-01-01T00:00:00Z');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const tokens = new ServiceAccountTokens('https://issuer', ['api'], { signingKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), verificationKeys: [] });
const account = { namespace: 'default', serviceAccount: { name: 'robot', uid: 'sa' } };
const named = (name: string, uid: string, deletionTimestamp?: string): KubeObject => ({ metadata: { namespace: 'default', name, uid, ...(deletionTimestamp ? { deletionTimestamp } : {}) } });

function world(count: CountUse = () => undefined): { table: ObjectTable; clock: FakeClock; validator: TokenValidator; issue(subject: TokenSubject): Promise<string> } {
  const table = new ObjectTable().put(core.serviceaccounts, named('robot', 'sa'));
  const clock = new FakeClock(now);
  return {
    table,
    clock,
    validator: new TokenValidator({
      tokens,
      legacy: new LegacyTokens({ tokens, reader: table, writer: table.writer, clock, log: silentLogger }),
      reader: table,
      clock,
      count,
    }),
    issue: (subject) => tokens.issue(subject, { audiences: ['api'], lifetimeSeconds: 3600, nowMs: now }).then(({ token }) => token),
  };
}

it('tells tokens that live on only because their life was extended', async () => {
  const used: TokenUse[] = [];
  const { clock, validator } = world((use) => used.push(use));
  const { token } = await tokens.issue(account, { audiences: ['api'], lifetimeSeconds: 7200, warnAfterSeconds: 600, nowMs: now });
  const noted: [string, string][] = [];
  const notes = { warn: () => undefined, annotate: (key: string, value: string) => noted.push([key, value]) };
  const authenticator = new ServiceAccountAuthenticator(validator, ['api'], clock);
  const authenticate = () => authenticator.authenticate({ peer: undefined, authorization: `Bearer ${token}`, headers: {}, notes });
  await authenticate();
  expect(noted).toEqual([]);
  await clock.advance(601_000);
  await authenticate();
  await authenticate(); // as it was found a moment ago
  expect(used).toEqual(['valid', 'stale']);
  expect(noted).toEqual(Array(2).fill(['authentication.k8s.io/stale-token', 'subject: system:serviceaccount:default:robot, seconds after warning threshold: 1']));
});

describe('TokenValidator', () => {
  it.each<{ reason: string; subject: TokenSubject; put?: (table: ObjectTable) => void; error: string }>([
    { reason: 'an account that is gone', subject: { ...account, serviceAccount: { name: 'gone', uid: 'x' } }, error: 'serviceaccounts "gone" not found' },
    { reason: 'an account made anew', subject: { ...account, serviceAccount: { name: 'robot', uid: 'old' } }, error: 'service account UID (sa) does not match claim (old)' },
    { reason: 'an account that goes', subject: account, put: (table) => table.put(core.serviceaccounts, named('robot', 'sa', '2029-12-31T23:58:00Z')), error: 'service account default/robot has been deleted' },
    { reason: 'a pod that is gone', subject: { ...account, pod: { name: 'web', uid: 'p' } }, error: 'service account token has been invalidated' },
    { reason: 'a pod made anew', subject: { ...account, pod: { name: 'web', uid: 'p' } }, put: (table) => table.put(core.pods, named('web', 'q')), error: 'pod UID (q) does not match service account pod ref claim (p)' },
    { reason: 'a pod that went', subject: { ...account, pod: { name: 'web', uid: 'p' } }, put: (table) => table.put(core.pods, named('web', 'p', '2029-12-31T23:58:00Z')), error: 'service account token has been invalidated' },
    { reason: 'a secret that is gone', subject: { ...account, secret: { name: 's', uid: 'p' } }, error: 'service account token has been invalidated' },
    { reason: 'a secret made anew', subject: { ...account, secret: { name: 's', uid: 'p' } }, put: (table) => table.put(core.secrets, named('s', 'q')), error: 'secret UID (q) does not match service account secret ref claim (p)' },
    { reason: 'a node that is gone', subject: { ...account, node: { name: 'n', uid: 'p' } }, error: 'service account token has been invalidated' },
    { reason: 'a node made anew', subject: { ...account, node: { name: 'n', uid: 'p' } }, put: (table) => table.put(core.nodes, { metadata: { name: 'n', uid: 'q' } }), error: 'node UID (q) does not match service account node ref claim (p)' },
  ])('refuses a token of $reason', async ({ subject, put, error }) => {
    const { table, validator, issue } = world();
    put?.(table);
    await expect(validator.validate(await issue(subject), ['api'])).rejects.toThrow(error);
    expect(table.refreshes).toBe(1);
  });

  it.each<{ reason: string; subject: TokenSubject; put?: (table: ObjectTable) => void }>([
    { reason: 'an account', subject: account },
    { reason: 'a pod that goes this minute', subject: { ...account, pod: { name: 'web', uid: 'p' } }, put: (table) => table.put(core.pods, named('web', 'p', '2029-12-31T23:59:30Z')) },
    { reason: 'a pod, whatever became of its node', subject: { ...account, pod: { name: 'web', uid: 'p' }, node: { name: 'gone', uid: 'x' } }, put: (table) => table.put(core.pods, named('web', 'p')) },
    { reason: 'a pod that another apiserver has just made', subject: { ...account, pod: { name: 'web', uid: 'p' } }, put: (table) => table.late.push(() => table.put(core.pods, named('web', 'p'))) },
  ])('takes a token of $reason', async ({ subject, put }) => {
    const { table, validator, issue } = world();
    put?.(table);
    expect(await validator.validate(await issue(subject), ['api'])).toMatchObject(subject);
  });

  it('makes users of them', () => {
    const verified = { ...account, audiences: [], credentialId: 'JTI=1', pod: { name: 'web', uid: 'p' }, node: { name: 'n', uid: '' } };
    expect(userOf(verified)).toEqual({
      name: 'system:serviceaccount:default:robot', uid: 'sa', groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': ['JTI=1'], 'authentication.kubernetes.io/node-name': ['n'], 'authentication.kubernetes.io/pod-name': ['web'], 'authentication.kubernetes.io/pod-uid': ['p'],
      },
    });
    expect(userOf({ ...account, audiences: [], credentialId: undefined }).extra).toBeUndefined();
  });
});

describe('ServiceAccountAuthenticator', () => {
  const bearing = (token: string) => ({ peer: undefined, authorization: `Bearer ${token}`, headers: {} });

  it('trusts a token for ten seconds, then looks again', async () => {
    const { table, clock, validator, issue } = world();
    const authenticator = new ServiceAccountAuthenticator(validator, ['api'], clock);
    const token = await issue(account);
    expect(await authenticator.authenticate(bearing(token))).toMatchObject({ name: 'system:serviceaccount:default:robot' });
    table.remove(core.serviceaccounts, 'default', 'robot');
    await clock.advance(9_000);
    expect(await authenticator.authenticate(bearing(token))).toBeDefined();
    await clock.advance(2_000);
    await expect(authenticator.authenticate(bearing(token))).rejects.toMatchObject({ code: 401 });
  });

  it('leaves other credentials to others', async () => {
    const { clock, validator } = world();
    const authenticator = new ServiceAccountAuthenticator(validator, ['api'], clock);
    expect(await authenticator.authenticate(bearing('abcdef.0123456789abcdef'))).toBeUndefined();
    expect(authenticator.authenticate({ peer: undefined, authorization: undefined, headers: {} })).toBeUndefined();
  });

  it('refuses a token for somebody else', async () => {
    const { clock, validator, issue } = world();
    await expect(new ServiceAccountAuthenticator(validator, ['other'], clock).authenticate(bearing(await issue(account)))).rejects.toMatchObject({ code: 401 });
  });

  it('finds a token in a WebSocket\'s subprotocols', async () => {
    const { clock, validator, issue } = world();
    const offered = `v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.${Buffer.from(await issue(account)).toString('base64url')}`;
    expect(await new ServiceAccountAuthenticator(validator, ['api'], clock).authenticate({ peer: undefined, authorization: undefined, headers: { 'sec-websocket-protocol': offered } })).toMatchObject({ uid: 'sa' });
  });
});
