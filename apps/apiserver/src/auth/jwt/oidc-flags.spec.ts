import { createRegistry, silentLogger } from '@navarch/component-base';
import { exportJWK, generateKeyPair, SignJWT, createLocalJWKSet, type CryptoKey, type JWTVerifyGetKey } from 'jose';
import type { User } from '../../pipeline';
import { JwtAuthenticator } from './jwt-authenticator';
import { issuerOfFlags, type OidcFlags } from './oidc-flags';

const issuerUrl = 'https://issuer.example.com';
let key: CryptoKey;
let keys: JWTVerifyGetKey;

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  key = pair.privateKey;
  keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'RS256' }] });
}, 60_000);

const token = (claims: Record<string, unknown>, { audience = 'navarch', issuer = issuerUrl, expires = '1h' } = {}): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k' }).setIssuer(issuer).setAudience(audience).setIssuedAt().setExpirationTime(expires).sign(key);
const asked: unknown[] = [];
/** What is answered at a place. */
let sources: Readonly<Record<string, string>> = {};
const ask = async (text: string, over: Partial<OidcFlags> = {}): Promise<unknown> => new JwtAuthenticator(
  { keysOf: () => keys, askForClaim: (_issuer, endpoint, accessToken) => (asked.push([endpoint, accessToken]), Promise.resolve(sources[endpoint] ?? '')), now: () => Date.now(), log: silentLogger, metrics: createRegistry() },
  [issuerOfFlags({ issuerUrl, clientId: 'navarch', usernameClaim: 'sub', usernamePrefix: '', groupsClaim: 'groups', groupsPrefix: 'oidc:', requiredClaims: {}, signingAlgorithms: ['RS256'], certificateAuthority: undefined, ...over })],
).authenticate({ peer: undefined, authorization: `Bearer ${text}`, headers: {} });

it('knows users and groups by their claims', async () => {
  expect(await ask(await token({ sub: 'jane', groups: ['dev', 'ops'] }))).toEqual({ name: `${issuerUrl}#jane`, groups: ['oidc:dev', 'oidc:ops'] });
  expect(await ask(await token({ sub: 'jane', groups: 'dev' }), { usernamePrefix: '-', groupsPrefix: '' })).toEqual({ name: 'jane', groups: ['dev'] });
  expect(await ask(await token({ email: 'jane@example.com', email_verified: true }), { usernameClaim: 'email' })).toEqual({ name: 'jane@example.com', groups: [] });
  expect(await ask(await token({ sub: '' }), { usernamePrefix: '-' })).toEqual({ name: '', groups: [] });
});

it('knows which token it was by its id, where that is a text', async () => {
  const extras = async (jti: unknown): Promise<unknown> => ((await ask(await token({ sub: 'jane', jti }))) as User).extra;
  expect([await extras('one'), await extras(''), await extras(1)]).toEqual([{ 'authentication.kubernetes.io/credential-id': ['JTI=one'] }, undefined, undefined]);
});

it('bears with an issuer whose clock is ahead', async () => {
  const soon = Math.floor(Date.now() / 1000) + 60;
  expect(await ask(await token({ sub: 'jane', nbf: soon }))).toMatchObject({ name: `${issuerUrl}#jane` });
  await expect(ask(await token({ sub: 'jane', nbf: soon + 3600 }, { expires: '3h' }))).rejects.toMatchObject({ code: 401 });
  await expect(ask(await token({ sub: 'jane' }, { expires: '-1m' }))).rejects.toMatchObject({ code: 401 });
});

describe('groups that another speaks for', () => {
  const away = (source: object): object => ({ sub: 'jane', _claim_names: { groups: 'src1' }, _claim_sources: { src1: source } });
  const endpoint = 'https://groups.example.com/jane';
  const other = { issuer: 'https://groups.example.com' };

  it('are asked for with the token that is given for it, unless there are groups already', async () => {
    sources = { [endpoint]: await token({ groups: ['far'] }, other) };
    asked.length = 0;
    expect(await ask(await token({ ...away({ endpoint, access_token: 'f00' }), groups: ['near'] }))).toMatchObject({ groups: ['oidc:near'] });
    expect(asked).toEqual([]);
    expect(await ask(await token({ ...away({ endpoint, access_token: 'f00' }) }))).toMatchObject({ groups: ['oidc:far'] });
    expect(asked).toEqual([[endpoint, 'f00']]);
    // What comes with the token is not read, and other claims are not asked for.
    expect(await ask(await token({ ...away({ JWT: sources[endpoint] }) }))).toMatchObject({ groups: [] });
    expect(await ask(await token({ sub: 'jane', _claim_names: { roles: 'src1' }, _claim_sources: { src1: { endpoint } } }))).toMatchObject({ groups: [] });
  });

  it.each<{ reason: string; claims: object; answer?: () => Promise<string> }>([
    { reason: 'no sources', claims: { sub: 'jane', _claim_names: { groups: 'src1' } } },
    { reason: 'another source', claims: { sub: 'jane', _claim_names: { groups: 'src2' }, _claim_sources: { src1: { endpoint } } } },
    { reason: 'no answer', claims: away({ endpoint: 'https://nowhere' }) },
    { reason: 'an answer without groups', claims: away({ endpoint }), answer: () => token({ roles: ['far'] }, other) },
    { reason: 'an answer for somebody else', claims: away({ endpoint }), answer: () => token({ groups: ['far'] }, { ...other, audience: 'other' }) },
    { reason: 'an answer that is over', claims: away({ endpoint }), answer: () => token({ groups: ['far'] }, { ...other, expires: '-1h' }) },
  ])('are refused with $reason', async ({ claims, answer }) => {
    sources = answer ? { [endpoint]: await answer() } : {};
    await expect(ask(await token({ ...claims }))).rejects.toMatchObject({ code: 401 });
  });
});

it('leaves tokens of others to others', async () => {
  expect(await ask('no.token')).toBeUndefined();
  expect(await ask(await token({ sub: 'jane' }, { issuer: 'https://other.example.com' }))).toBeUndefined();
});

it.each<{ reason: string; make: () => Promise<string>; over?: Partial<OidcFlags> }>([
  { reason: 'for somebody else', make: () => token({ sub: 'jane' }, { audience: 'other' }) },
  { reason: 'that is over', make: () => token({ sub: 'jane' }, { expires: '-1h' }) },
  { reason: 'without a name', make: () => token({}) },
  { reason: 'with an address nobody has verified', make: () => token({ email: 'x@example.com', email_verified: false }), over: { usernameClaim: 'email' } },
  { reason: 'without a claim it must have', make: () => token({ sub: 'jane', tenant: 'b' }), over: { requiredClaims: { tenant: 'a' } } },
  { reason: 'signed in a way that is not allowed', make: () => token({ sub: 'jane' }), over: { signingAlgorithms: ['ES256'] } },
  { reason: 'that was changed', make: async () => `${(await token({ sub: 'jane' })).slice(0, -8)}AAAAAAAA` },
])('refuses a token $reason', async ({ make, over }) => {
  await expect(ask(await make(), over)).rejects.toMatchObject({ code: 401 });
});
