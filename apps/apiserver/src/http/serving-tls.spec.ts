import { createSecureContext, getCiphers } from 'node:tls';
import { servingTls } from './serving-tls';

const of = (tlsCipherSuites: string[], tlsMinVersion = 'VersionTLS12') => servingTls({ tlsMinVersion, tlsCipherSuites, tlsCurvePreferences: [] });

it('speaks what the flags name, and what is of TLS 1.3', () => {
  expect(of([])).toEqual({ minVersion: 'TLSv1.2' });
  expect(of([], 'VersionTLS13')).toEqual({ minVersion: 'TLSv1.3' });
  expect(of(['TLS_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_256_CBC_SHA'])).toEqual({
    minVersion: 'TLSv1.2', ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:AES256-SHA',
  });
  for (const name of ['TLS_NONE', 'TLS_RSA_WITH_RC4_128_SHA']) expect(() => of([name])).toThrow(`Cipher suite ${name} not supported or doesn't exist`);
});

it.each([
  'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA', 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305',
  'TLS_RSA_WITH_AES_128_CBC_SHA', 'TLS_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_CBC_SHA256',
])('knows %s by the name that OpenSSL has for it', (suite) => {
  for (const name of of([suite]).ciphers?.split(':') ?? []) expect(getCiphers()).toContain(name.toLowerCase());
});

describe('--tls-curve-preferences', () => {
  const curvesBy = (openSsl: string | undefined, ...tlsCurvePreferences: string[]) => servingTls({ tlsMinVersion: 'VersionTLS12', tlsCipherSuites: [], tlsCurvePreferences }, openSsl).ecdhCurve;
  const curves = curvesBy.bind(undefined, undefined);

  it('allows those that are named and that OpenSSL knows', () => {
    expect(curves()).toBeUndefined();
    expect(curves('29', '23')).toBe('X25519:P-256');
    expect(curvesBy('3.0.19', '25', '24', '4588')).toBe('P-521:P-384');
    for (const version of ['3.5.0', '3.10.1+quic', '4.0.0-beta1']) expect(curvesBy(version, '4588', '25')).toBe('X25519MLKEM768:P-521');
    expect(() => curvesBy('3.4.9', '4588', '4587')).toThrow('curve preference 4588,4587 is not supported');
  });

  it('names what this OpenSSL takes', () => {
    expect(() => createSecureContext({ ecdhCurve: curves('29', '25', '24', '23', '4587', '4588', '4589') })).not.toThrow();
  });

  it.each([
    { given: ['0'], says: 'curve preference 0 is out of range (must be 1-65535)' }, { given: ['65536'], says: 'curve preference 65536 is out of range (must be 1-65535)' },
    { given: ['23', '23'], says: 'duplicate curve preference 23' }, { given: ['23', '30'], says: 'curve preference 30 is not supported' },
  ])('refuses $given', ({ given, says }) => {
    expect(() => curves(...given)).toThrow(`--tls-curve-preferences: ${says}`);
  });
});
