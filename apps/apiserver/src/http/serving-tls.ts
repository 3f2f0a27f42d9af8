import { defineFlags } from '@navarch/component-base';
import type { SecureContextOptions, SecureVersion } from 'node:tls';

const VERSIONS: Readonly<Record<string, SecureVersion>> = { VersionTLS10: 'TLSv1', VersionTLS11: 'TLSv1.1', VersionTLS12: 'TLSv1.2', VersionTLS13: 'TLSv1.3' };
/** Always there where both sides speak TLS 1.3, as in Go. */
const OF_TLS_13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** The names of IANA, which Go's flags have, as OpenSSL has them; undefined for those that there are not. */
function openSslName(suite: string): string | undefined {
  const [, exchange, cipher] = /^TLS_(RSA|ECDHE_RSA|ECDHE_ECDSA)_WITH_(.+)$/.exec(suite) ?? [];
  if (exchange === undefined || cipher === undefined) return undefined;
  const name = CIPHERS[cipher];
  return name && (exchange === 'RSA' ? name : `${exchange.replace('_', '-')}-${name}`);
}

const CIPHERS: Readonly<Record<string, string>> = {
  '3DES_EDE_CBC_SHA': 'DES-CBC3-SHA', 'AES_128_CBC_SHA': 'AES128-SHA', 'AES_256_CBC_SHA': 'AES256-SHA', 'AES_128_CBC_SHA256': 'AES128-SHA256', 'AES_128_GCM_SHA256': 'AES128-GCM-SHA256',
  'AES_256_GCM_SHA384': 'AES256-GCM-SHA384', 'CHACHA20_POLY1305': 'CHACHA20-POLY1305', 'CHACHA20_POLY1305_SHA256': 'CHACHA20-POLY1305',
};

/** Ways to agree on a key by the numbers of IANA, which Go's flags have, as OpenSSL names them. */
const CURVES: Readonly<Record<string, string>> = { 23: 'P-256', 24: 'P-384', 25: 'P-521', 29: 'X25519' };
const CURVES_SINCE_OPENSSL_3_5: Readonly<Record<string, string>> = { 4587: 'SecP256r1MLKEM768', 4588: 'X25519MLKEM768', 4589: 'SecP384r1MLKEM1024' };

function isOfAtLeast(version: string, major: number, minor: number): boolean {
  const [ofMajor = 0, ofMinor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return ofMajor > major || (ofMajor === major && ofMinor >= minor);
}

/** The curves that are allowed, without those that `openSsl` (its version) does not know; asked of OpenSSL itself,
 * they would leave an error in its queue, over which the next call of the process trips. Checks as component-base/cli/flag/curves_flag.go. @throws Error for numbers of none, and when nothing remains */
function curvesOf(ids: readonly string[], openSsl: string): string {
  const spoken = isOfAtLeast(openSsl, 3, 5) ? { ...CURVES, ...CURVES_SINCE_OPENSSL_3_5 } : CURVES;
  const names = ids.flatMap((id, index) => {
    if (!/^\d+$/.test(id) || Number(id) <= 0 || Number(id) > 65_535) throw new Error(`--tls-curve-preferences: curve preference ${id} is out of range (must be 1-65535)`);
    if (ids.indexOf(id) < index) throw new Error(`--tls-curve-preferences: duplicate curve preference ${id}`);
    if (!(id in CURVES || id in CURVES_SINCE_OPENSSL_3_5)) throw new Error(`--tls-curve-preferences: curve preference ${id} is not supported`);
    return spoken[id] ?? [];
  });
  if (names.length === 0) throw new Error(`--tls-curve-preferences: curve preference ${ids.join()} is not supported`);
  return names.join(':');
}

/** Upstream's flags of how the HTTPS door speaks. */
export const servingFlags = defineFlags({
  'tls-min-version': { type: 'string', default: 'VersionTLS12', choices: Object.keys(VERSIONS), help: 'Oldest version of TLS that is spoken.' },
  'tls-sni-cert-key': { type: 'texts', help: 'Certificate and key for clients that ask for other names: cert,key or cert,key:name,*.name; without names, those of the certificate.' },
  'tls-cipher-suites': { type: 'list', help: 'Cipher suites that are spoken before TLS 1.3; those of OpenSSL unless given.' },
  'tls-curve-preferences': { type: 'list', help: 'Numbers of the curves (Go: CurveID) by which keys may be agreed upon; those of OpenSSL unless given.' },
  'http2-max-streams-per-connection': { type: 'number', default: '250', help: 'Requests under way on one HTTP/2 connection.' },
  'disable-http2-serving': { type: 'boolean', help: 'Whether HTTP/1.1 only is spoken.' },
});

export interface ServingTlsFlags {
  readonly tlsMinVersion: string;
  readonly tlsCipherSuites: readonly string[];
  readonly tlsCurvePreferences: readonly string[];
}

/** What the flags say of TLS, for an OpenSSL of the version `openSsl`. @throws Error for suites and curves that there are not */
export function servingTls({ tlsMinVersion, tlsCipherSuites, tlsCurvePreferences }: ServingTlsFlags, openSsl: string = process.versions.openssl): SecureContextOptions {
  const ciphers = tlsCipherSuites.filter((suite) => !OF_TLS_13.includes(suite)).map((suite) => {
    const name = openSslName(suite);
    if (name === undefined) throw new Error(`--tls-cipher-suites: Cipher suite ${suite} not supported or doesn't exist`);
    return name;
  });
  return {
    minVersion: VERSIONS[tlsMinVersion] ?? 'TLSv1.2',
    ...(ciphers.length === 0 ? {} : { ciphers: [...OF_TLS_13, ...ciphers].join(':') }),
    ...(tlsCurvePreferences.length === 0 ? {} : { ecdhCurve: curvesOf(tlsCurvePreferences, openSsl) }),
  };
}
