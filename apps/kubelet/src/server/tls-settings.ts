import { type SecureContextOptions, type SecureVersion } from 'node:tls';

/** What clients may speak, beside the certificates. */
export type TlsSettings = Pick<SecureContextOptions, 'minVersion' | 'ciphers'>;

const versions: Readonly<Partial<Record<string, SecureVersion>>> = { VersionTLS10: 'TLSv1', VersionTLS11: 'TLSv1.1', VersionTLS12: 'TLSv1.2', VersionTLS13: 'TLSv1.3' };

/** Of TLS 1.3, whose suites nobody chooses: OpenSSL would have none without them. */
const modern = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** Go's names of the suites of TLS 1.2, and OpenSSL's. */
const suites: Readonly<Partial<Record<string, string>>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256', TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384', TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305', TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305', TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA', TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA', TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256', TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256', TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA', TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA', TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
};

/** Upstream's --tls-min-version and --tls-cipher-suites, by Go's names; nothing given leaves them as they are. @throws for a name that there is none of */
export function tlsSettings(minVersion: string | undefined, cipherSuites: readonly string[]): TlsSettings {
  const version = minVersion !== undefined && Object.hasOwn(versions, minVersion) ? versions[minVersion] : undefined;
  if (minVersion !== undefined && version === undefined) throw new Error(`unknown tls version ${JSON.stringify(minVersion)}`);
  const ciphers = cipherSuites.map((name) => {
    if (modern.includes(name)) return name;
    const known = Object.hasOwn(suites, name) ? suites[name] : undefined;
    if (known === undefined) throw new Error(`Cipher suite ${name} not supported or doesn't exist`);
    return known;
  });
  return { ...(version === undefined ? {} : { minVersion: version }), ...(ciphers.length === 0 ? {} : { ciphers: [...new Set([...modern, ...ciphers])].join(':') }) };
}
