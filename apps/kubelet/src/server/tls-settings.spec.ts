import { createSecureContext } from 'node:tls';
import { tlsSettings } from './tls-settings';

it('knows versions and suites by Go\'s names', () => {
  expect(tlsSettings(undefined, [])).toEqual({});
  expect(tlsSettings('VersionTLS13', [])).toEqual({ minVersion: 'TLSv1.3' });
  const settings = tlsSettings('VersionTLS12', ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256']);
  expect(settings).toEqual({ minVersion: 'TLSv1.2', ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-RSA-AES128-GCM-SHA256' });
  expect(() => createSecureContext(settings)).not.toThrow();
});

it.each([
  [() => tlsSettings('VersionTLS09', []), 'unknown tls version "VersionTLS09"'],
  [() => tlsSettings('toString', []), 'unknown tls version "toString"'],
  [() => tlsSettings(undefined, ['TLS_NULL']), 'Cipher suite TLS_NULL not supported or doesn\'t exist'],
])('refuses what there is none of', (read, message) => expect(read).toThrow(message));
