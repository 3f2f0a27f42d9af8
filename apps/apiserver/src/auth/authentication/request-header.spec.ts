import { type Clock, systemClock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import { X509Certificate } from 'node:crypto';
import type { TlsPeer } from '../../pipeline';
import { Authorities } from './authorities';
import { ClientCertificateAuthenticator } from './client-certificate';
import { RequestHeaderAuthenticator } from './request-header';

let [users, proxies]: [CertificateAuthority, CertificateAuthority] = [undefined as never, undefined as never];
beforeAll(async () => {
  users = await CertificateAuthority.create('users', systemClock);
  proxies = await CertificateAuthority.create('proxies', systemClock);
});

const peerOf = async (authority: CertificateAuthority, commonName: string): Promise<TlsPeer> => {
  const { cert } = await authority.issue({ commonName, usages: ['client auth'] });
  return { commonName, organizations: [], certificate: new X509Certificate(cert).raw };
};
const rawHeaders = ['X-Remote-User', 'jane', 'X-Remote-Group', 'cn=dev,ou=all', 'x-remote-group', 'ops', 'X-Remote-Group', '', 'X-Remote-Uid', '7', 'X-Remote-Extra-Scope%2fA', 'b,c', 'X-Remote-Extra-Scope%2fA', 'd'];
/** As Node joins them. */
const headers = { 'x-remote-user': 'jane', 'x-remote-group': 'cn=dev,ou=all, ops, ', 'x-remote-uid': '7', 'x-remote-extra-scope%2fa': 'b,c, d' };
const authenticator = (allowedNames: string[] = [], clock: Pick<Clock, 'now'> = systemClock, believed = new Authorities(proxies.cert)): RequestHeaderAuthenticator =>
  new RequestHeaderAuthenticator(
    {
      authorities: believed,
      allowedNames,
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: ['X-Remote-Uid'],
      groupHeaders: ['X-Remote-Group'],
      extraHeaderPrefixes: ['X-Remote-Extra-'],
    },
    clock,
  );

it('believes a front proxy', async () => {
  const peer = await peerOf(proxies, 'front-proxy');
  expect(authenticator(['front-proxy']).authenticate({ peer, authorization: undefined, headers, rawHeaders })).toEqual({ name: 'jane', groups: ['cn=dev,ou=all', 'ops'], uid: '7', extra: { 'scope/a': ['b,c', 'd'] } });
});

it('believes nobody else', async () => {
  expect(authenticator().authenticate({ peer: await peerOf(users, 'front-proxy'), authorization: undefined, headers, rawHeaders })).toBeUndefined();
  expect(authenticator(['other']).authenticate({ peer: await peerOf(proxies, 'front-proxy'), authorization: undefined, headers, rawHeaders })).toBeUndefined();
  expect(authenticator().authenticate({ peer: undefined, authorization: undefined, headers, rawHeaders })).toBeUndefined();
  expect(authenticator().authenticate({ peer: await peerOf(proxies, 'front-proxy'), authorization: undefined, headers: {} })).toBeUndefined();
});

it('believes a front proxy no longer than its certificate is valid, though its connection lives on', async () => {
  const peer = await peerOf(proxies, 'front-proxy');
  const validTo = Date.parse(new X509Certificate(peer.certificate).validTo);
  let now = validTo - 1;
  const believing = authenticator([], { now: () => now });
  const request = { peer, authorization: undefined, headers, rawHeaders };
  expect(believing.authenticate(request)).toMatchObject({ name: 'jane' });
  now = validTo;
  expect(() => believing.authenticate(request)).toThrow(expect.objectContaining({ code: 401 }) as Error);
});

it('takes extra keys that are called like what every object has', async () => {
  const names = ['constructor', '__proto__', 'tostring', 'to%53tring'];
  const peer = await peerOf(proxies, 'front-proxy');
  const user = authenticator().authenticate({ peer, authorization: undefined, headers, rawHeaders: ['X-Remote-User', 'jane', ...names.flatMap((name) => [`X-Remote-Extra-${name}`, 'a'])] });
  expect(Object.entries(user?.extra ?? {})).toEqual(['constructor', '__proto__', 'tostring', 'toString'].map((name) => [name, ['a']]));
});

it('takes no front proxy for a user of its own', async () => {
  const certificates = new ClientCertificateAuthenticator(systemClock, new Authorities(users.cert));
  expect(certificates.authenticate({ peer: await peerOf(proxies, 'system:admin'), authorization: undefined, headers: {} })).toBeUndefined();
  expect(certificates.authenticate({ peer: await peerOf(users, 'jane'), authorization: undefined, headers: {} })).toMatchObject({ name: 'jane' });
});

it('follows its authorities, also on connections that are open', async () => {
  const [old, renewed] = [await peerOf(proxies, 'front-proxy'), await peerOf(users, 'front-proxy')];
  const believed = new Authorities(proxies.cert);
  const headersOf = authenticator([], systemClock, believed);
  const certificates = new ClientCertificateAuthenticator(systemClock, believed);
  const told = (peer: TlsPeer): unknown[] => [headersOf, certificates].map((one) => one.authenticate({ peer, authorization: undefined, headers, rawHeaders })?.name);
  expect([told(old), told(renewed)]).toEqual([['jane', 'front-proxy'], [undefined, undefined]]);
  believed.use(users.cert);
  expect([told(old), told(renewed)]).toEqual([[undefined, undefined], ['jane', 'front-proxy']]);
  expect(() => believed.use('no certificate')).toThrow('does not contain any valid');
  believed.use(`${users.cert}\n${proxies.cert}`);
  expect([told(old), told(renewed)]).toEqual([['jane', 'front-proxy'], ['jane', 'front-proxy']]);
});
