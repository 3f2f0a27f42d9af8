import { createHash, X509Certificate } from 'node:crypto';
import { core, type corev1 } from '@navarch/api';
import { FakeClock, systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { ObjectTable } from '../../testing/object-table';
import { bearerToken } from './bearer-token';
import { BootstrapTokenAuthenticator } from './bootstrap-token';
import { ClientCertificateAuthenticator } from './client-certificate';
import { StaticTokenAuthenticator } from './static-tokens';

const bearing = (token: string) => ({ peer: undefined, authorization: `Bearer ${token}`, headers: {} });

describe('bearerToken', () => {
  it.each([
    { authorization: 'Bearer abc', token: 'abc' },
    { authorization: 'bearer  abc ', token: 'abc' },
    { authorization: 'Basic abc', token: undefined },
    { authorization: 'Bearer', token: undefined },
    { authorization: 'Bearer a b', token: undefined },
  ])('is $token in "$authorization"', ({ authorization, token }) => {
    expect(bearerToken({ peer: undefined, authorization, headers: {} })).toBe(token);
  });
});

describe('ClientCertificateAuthenticator', () => {
  const authenticator = new ClientCertificateAuthenticator(systemClock);
  let der: Buffer;
  beforeAll(async () => {
    der = new X509Certificate((await (await CertificateAuthority.create('ca', systemClock)).issue({ commonName: 'jane', usages: ['client auth'] })).cert).raw;
  });
  const authenticate = (commonName: string, organizations: string[], certificate = der) => authenticator.authenticate({ peer: { commonName, organizations, certificate }, authorization: undefined, headers: {} });

  it('makes a user of the subject and names the certificate', () => {
    const id = `X509SHA256=${createHash('sha256').update(der).digest('hex')}`;
    expect(authenticate('jane', ['a', 'b'])).toEqual({ name: 'jane', groups: ['a', 'b', 'system:authenticated'], extra: { 'authentication.kubernetes.io/credential-id': [id] } });
    expect(authenticate('jane', [], Buffer.alloc(0))).toEqual({ name: 'jane', groups: ['system:authenticated'] });
  });

  it('knows nobody without a name or a certificate', () => {
    expect(authenticate('', ['system:masters'])).toBeUndefined();
    expect(authenticator.authenticate({ peer: undefined, authorization: undefined, headers: {} })).toBeUndefined();
  });

  it('knows nobody by a certificate that has expired since the connection was made', () => {
    const request = { peer: { commonName: 'jane', organizations: [], certificate: der }, authorization: undefined, headers: {} };
    expect(authenticator.authenticate(request)?.name).toBe('jane');
    const late = new ClientCertificateAuthenticator({ now: () => Date.parse(new X509Certificate(der).validTo) });
    expect(() => late.authenticate(request)).toThrow('not authorized');
  });

  it('tells of each request how long its certificate is valid', () => {
    const { raw, validTo } = new X509Certificate(der);
    const shown: number[] = [];
    const telling = new ClientCertificateAuthenticator(systemClock, undefined, (validToMs) => shown.push(validToMs));
    const peer = { commonName: 'jane', organizations: [], certificate: raw };
    for (let request = 0; request < 2; request++) telling.authenticate({ peer, authorization: undefined, headers: {} });
    telling.authenticate({ peer: { ...peer, certificate: Buffer.alloc(0) }, authorization: undefined, headers: {} });
    expect(shown).toEqual([Date.parse(validTo), Date.parse(validTo)]);
  });

  it('makes the user of a connection once', () => {
    const peer = { commonName: 'jane', organizations: [], certificate: Buffer.alloc(0) };
    const request = { peer, authorization: undefined, headers: {} };
    expect(authenticator.authenticate(request)).toBe(authenticator.authenticate(request));
  });
});

describe('BootstrapTokenAuthenticator', () => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  const good = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' };
  const token = 'abcdef.0123456789abcdef';
  const secret = (data: Record<string, string>, more: Partial<corev1.Secret> = {}): corev1.Secret => ({
    metadata: { namespace: 'kube-system', name: 'bootstrap-token-abcdef' }, type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])), ...more,
  });
  const over = (table: ObjectTable) => new BootstrapTokenAuthenticator(table, new FakeClock(now));

  it('knows who a node is on its way in', () => {
    const table = new ObjectTable().put(core.secrets, secret({ ...good, expiration: '2030-01-01T00:00:01Z', 'auth-extra-groups': 'system:bootstrappers:z,system:bootstrappers:a' }));
    expect(over(table).authenticate(bearing(token))).toEqual({ name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:z', 'system:authenticated'] });
    expect(table.refreshes).toBe(0);
  });

  it.each<{ reason: string; stored: corev1.Secret | undefined; given?: string }>([
    { reason: 'no secret', stored: undefined },
    { reason: 'a wrong secret', stored: secret(good), given: 'abcdef.0123456789abcdee' },
    { reason: 'another id', stored: secret({ ...good, 'token-id': 'abcdeg' }) },
    { reason: 'no use for signing in', stored: secret({ ...good, 'usage-bootstrap-authentication': 'false' }) },
    { reason: 'its end', stored: secret({ ...good, expiration: '2030-01-01T00:00:00Z' }) },
    { reason: 'an end that is no time', stored: secret({ ...good, expiration: 'never' }) },
    { reason: 'a group of others', stored: secret({ ...good, 'auth-extra-groups': 'system:masters' }) },
    { reason: 'a secret of another type', stored: secret(good, { type: 'Opaque' }) },
    { reason: 'a secret that goes', stored: secret(good, { metadata: { namespace: 'kube-system', name: 'bootstrap-token-abcdef', deletionTimestamp: '2029-01-01T00:00:00Z' } }) },
  ])('refuses $reason', async ({ stored, given = token }) => {
    const table = new ObjectTable();
    if (stored) table.put(core.secrets, stored);
    await expect(over(table).authenticate(bearing(given))).rejects.toMatchObject({ code: 401 });
  });

  it('finds a token that another apiserver has just made', async () => {
    const table = new ObjectTable();
    table.late.push(() => table.put(core.secrets, secret(good)));
    expect(await over(table).authenticate(bearing(token))).toMatchObject({ name: 'system:bootstrap:abcdef' });
  });

  it.each(['', 'ABCDEF.0123456789abcdef', 'abcdef.short', 'a.b.c'])('leaves %p to others', (given) => {
    expect(over(new ObjectTable()).authenticate(bearing(given))).toBeUndefined();
  });
});

describe('StaticTokenAuthenticator', () => {
  const of = (csv: string): StaticTokenAuthenticator => new StaticTokenAuthenticator(csv, 'tokens.csv');

  it('knows whom a file names, with and without groups', () => {
    const known = of('t1,jane,7,"dev, ops"\n\nt2,"joe ""x"" y",8\r\n,nobody,9\n');
    expect(known.authenticate(bearing('t1'))).toEqual({ name: 'jane', uid: '7', groups: ['dev', 'ops', 'system:authenticated'] });
    expect(known.authenticate(bearing('t2'))).toEqual({ name: 'joe "x" y', uid: '8', groups: ['system:authenticated'] });
    for (const token of ['', 't3']) expect(known.authenticate(bearing(token))).toBeUndefined();
  });

  it('takes no line that names nobody', () => {
    expect(() => of('t1,jane')).toThrow("token file 'tokens.csv' must have at least 3 columns (token, user name, user uid), found 2");
  });
});
