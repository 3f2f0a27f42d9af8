import { generateKeyPairSync } from 'node:crypto';
import { serviceAccountKeyId } from '@navarch/pki';
import { SignJWT, decodeJwt, decodeProtectedHeader } from 'jose';
import { jsonWebKeySet, openIdConfiguration } from './oidc-discovery';
import { ServiceAccountTokens, type TokenSubject } from './service-account-tokens';

const issuer = 'https://kubernetes.default.svc';
const api = ['api'];
const now = 1_800_000_000_000;
const subject: TokenSubject = { namespace: 'default', serviceAccount: { name: 'robot', uid: 'sa-uid' } };
const pem = (key: { export(options: { format: 'pem'; type: string }): string | Buffer }, type: string): string => key.export({ format: 'pem', type }).toString();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const tokens = new ServiceAccountTokens(issuer, api, { signingKey: pem(rsa.privateKey, 'pkcs8'), verificationKeys: [] });
const terms = { audiences: api, lifetimeSeconds: 3600, nowMs: now };
const signed = (claims: object, key = rsa.privateKey, header: { alg: string; kid?: string } = { alg: 'RS256' }): Promise<string> =>
  new SignJWT({ iss: issuer, aud: api, exp: now / 1000 + 60, ...claims }).setProtectedHeader(header).sign(key);
const claim = { 'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot', uid: 'sa-uid' } } };

const issued = async (by: ServiceAccountTokens, ...of: Parameters<ServiceAccountTokens['issue']>): Promise<string> => (await by.issue(...of)).token;

describe('ServiceAccountTokens', () => {
  it('issues tokens of upstream\'s form', async () => {
    const token = await issued(tokens, { ...subject, pod: { name: 'web', uid: 'pod-uid' }, node: { name: 'n1', uid: 'node-uid' } }, { ...terms, warnAfterSeconds: 600 });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', kid: serviceAccountKeyId(rsa.publicKey) });
    expect(decodeJwt(token)).toEqual({
      iss: issuer, sub: 'system:serviceaccount:default:robot', aud: api, iat: now / 1000, nbf: now / 1000, exp: now / 1000 + 3600, jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      'kubernetes.io': {
        namespace: 'default', serviceaccount: { name: 'robot', uid: 'sa-uid' }, pod: { name: 'web', uid: 'pod-uid' }, node: { name: 'n1', uid: 'node-uid' }, warnafter: now / 1000 + 600,
      },
    });
  });

  it('verifies its own, for those of their audiences that are asked for', async () => {
    const token = await issued(tokens, { ...subject, secret: { name: 's', uid: 'u' } }, { ...terms, audiences: ['a', 'b', 'c'] });
    expect(await tokens.verify(token, ['c', 'a', 'x'], now)).toEqual({ ...subject, secret: { name: 's', uid: 'u' }, audiences: ['a', 'c'], credentialId: expect.stringMatching(/^JTI=/) as string });
  });

  it.each<{ reason: string; token: () => Promise<string>; wanted?: string[]; at?: number; error: string }>([
    { reason: 'a wrong key', token: () => signed(claim, other.privateKey), error: 'go-jose/go-jose: error in cryptographic primitive' },
    { reason: 'a wrong key under the right name', token: () => signed(claim, other.privateKey, { alg: 'RS256', kid: serviceAccountKeyId(rsa.publicKey) }), error: 'go-jose/go-jose: error in cryptographic primitive' },
    { reason: 'another algorithm', token: () => signed(claim, ec.privateKey, { alg: 'ES384' }), error: 'go-jose/go-jose: unexpected signature algorithm "ES384"' },
    { reason: 'a changed token', token: async () => (await signed(claim)).replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify({ iss: issuer, aud: api, ...claim })).toString('base64url')}.`), error: 'go-jose/go-jose: error in cryptographic primitive' },
    { reason: 'a wrong audience', token: () => issued(tokens, subject, { ...terms, audiences: ['vault', 'x'] }), wanted: ['api', 'b'], error: 'token audiences ["vault" "x"] is invalid for the target audiences ["api" "b"]' },
    { reason: 'its end', token: () => issued(tokens, subject, terms), at: now + 3_600_000 + 61_000, error: 'service account token has expired' },
    { reason: 'a time before it', token: () => issued(tokens, subject, terms), at: now - 61_000, error: 'service account token is not valid yet' },
    { reason: 'no account', token: () => signed({}), error: 'service account token claims could not be validated due to unexpected private claim' },
  ])('refuses $reason', async ({ token, wanted = api, at = now, error }) => {
    await expect(tokens.verify(await token(), wanted, at)).rejects.toThrow(error);
  });

  it('accepts what it issued under a former name, and issues under its own', async () => {
    const keys = { signingKey: pem(rsa.privateKey, 'pkcs8'), verificationKeys: [] };
    const renamed = new ServiceAccountTokens('https://new.example.com', api, { ...keys, formerIssuers: [issuer] });
    const former = await issued(tokens, subject, terms);
    expect(await renamed.verify(former, api, now)).toMatchObject(subject);
    expect(decodeJwt(await issued(renamed, subject, terms)).iss).toBe('https://new.example.com');
    expect(await new ServiceAccountTokens('https://new.example.com', api, keys).verify(former, api, now)).toBeUndefined();
  });

  it('grants clocks a minute', async () => {
    const token = await issued(tokens, subject, terms);
    for (const at of [now - 59_000, now + 3_600_000 + 59_000]) expect(await tokens.verify(token, api, at)).toMatchObject(subject);
  });

  it.each(['', 'x', 'a.b.c', 'abcdef.0123456789abcdef', `x.${Buffer.from('null').toString('base64url')}.y`, `x.${Buffer.from('{"iss":"https://elsewhere"}').toString('base64url')}.y`])('knows %p for no token of its own', async (token) => {
    expect(await tokens.verify(token, api, now)).toBeUndefined();
  });

  it('refuses what claims to be its own and is no token', async () => {
    await expect(tokens.verify(`x.${Buffer.from(JSON.stringify({ iss: issuer })).toString('base64url')}.y`, api, now)).rejects.toThrow();
  });

  it('takes a token that names no audience for one for the server, and one that names no key by any key', async () => {
    const both = new ServiceAccountTokens(issuer, api, { signingKey: pem(ec.privateKey, 'pkcs8'), verificationKeys: [pem(rsa.publicKey, 'spki'), pem(other.publicKey, 'spki')] });
    const anonymous = await new SignJWT({ iss: issuer, exp: now / 1000 + 60, ...claim }).setProtectedHeader({ alg: 'RS256' }).sign(other.privateKey);
    expect(await both.verify(anonymous, api, now)).toMatchObject({ ...subject, audiences: api, credentialId: undefined });
    expect(decodeProtectedHeader(await issued(both, subject, terms)).alg).toBe('ES384');
    expect(await both.verify(await issued(tokens, subject, terms), api, now)).toMatchObject(subject);
  });

  it('does not start with keys that it cannot use', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(() => new ServiceAccountTokens(issuer, api, { signingKey: pem(privateKey, 'pkcs8'), verificationKeys: [] })).toThrow('keys of service-account tokens are RSA, or EC');
  });

  it('tells others how to verify its tokens', async () => {
    expect(openIdConfiguration(tokens, 'https://host/openid/v1/jwks')).toEqual({
      issuer, jwks_uri: 'https://host/openid/v1/jwks', response_types_supported: ['id_token'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'],
    });
    expect(await jsonWebKeySet(tokens)).toEqual({ keys: [expect.objectContaining({ use: 'sig', kty: 'RSA', kid: serviceAccountKeyId(rsa.publicKey), alg: 'RS256', e: 'AQAB' })] });
  });
});
