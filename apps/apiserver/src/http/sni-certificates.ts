import { type Component, type LoadedTls, type Logger, TlsFiles } from '@navarch/component-base';
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';

/** One value of `--tls-sni-cert-key`. */
export interface NamedCertKey {
  readonly certFile: string;
  readonly keyFile: string;
  /** Whom it is for, with `*` for a first label; empty: whom the certificate is for. */
  readonly names: readonly string[];
}

/** Reads `cert,key` or `cert,key:name,name`. @throws Error */
export function parseNamedCertKey(text: string): NamedCertKey {
  const [files = '', names] = text.split(/:([\s\S]*)/, 2).map((part) => part.trim());
  const [certFile, keyFile, ...more] = files.split(',').map((file) => file.trim());
  if (names === '') throw new Error('--tls-sni-cert-key: empty names list is not allowed');
  if (!certFile || !keyFile || more.length > 0) throw new Error('--tls-sni-cert-key: expected comma separated certificate and key file paths');
  return { certFile, keyFile, names: names?.split(',').map((name) => name.trim()) ?? [] };
}

/** The names that a certificate is good for; addresses are none, as nobody asks for them by SNI. */
export function namesOf(cert: Buffer): string[] {
  const { subject, subjectAltName = '' } = new X509Certificate(cert);
  const commonName = /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
  const others = subjectAltName.split(', ').filter((name) => name.startsWith('DNS:')).map((name) => name.slice('DNS:'.length));
  return [...(commonName !== '' && isIP(commonName) === 0 ? [commonName] : []), ...others];
}

interface Pair {
  readonly names: readonly string[];
  readonly files: TlsFiles;
  loaded: LoadedTls;
}

/**
 * Certificates for clients that ask for a certain name (SNI). Names of flags go before those of certificates and flags that are given
 * first before later ones, as in upstream (dynamiccertificates/named_certificates.go). The files are followed.
 */
export class SniCertificates implements Component {
  readonly name = 'sni-certificates';
  private contexts: ReadonlyMap<string, SecureContext> = new Map();
  private base: SecureContextOptions = {};

  private constructor(private readonly pairs: readonly Pair[], private readonly log: Logger) {}

  /** @throws Error for values that are none, and for files that cannot be read */
  static async load(flags: readonly string[], log: Logger): Promise<SniCertificates> {
    const pairs = flags.map(parseNamedCertKey).map(async ({ certFile, keyFile, names }) => {
      const files = new TlsFiles({ certFile, keyFile }, log);
      return { names, files, loaded: await files.load() };
    });
    return new SniCertificates(await Promise.all(pairs), log);
  }

  /** What the server says of TLS besides its own certificate. @throws Error for certificates that are none */
  use(base: SecureContextOptions): void {
    this.base = base;
    this.contexts = this.contextsOf();
  }

  /** Undefined where the server's own certificate serves. */
  contextFor(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase();
    return this.contexts.get(name) ?? this.contexts.get(name.replace(/^[^.]*/, '*'));
  }

  start(): Promise<void> {
    for (const pair of this.pairs) {
      pair.files.watch((loaded) => {
        const before = pair.loaded;
        pair.loaded = loaded;
        try {
          this.contexts = this.contextsOf();
        } catch (error) {
          pair.loaded = before;
          this.log.error({ err: error }, 'a certificate for a name cannot be used: the old one stays');
        }
      });
    }
    return Promise.resolve();
  }

  stop(): Promise<void> {
    for (const { files } of this.pairs) files.stop();
    return Promise.resolve();
  }

  private contextsOf(): Map<string, SecureContext> {
    const [named, found] = [new Map<string, SecureContext>(), new Map<string, SecureContext>()];
    for (const { names, loaded: { cert, key } } of [...this.pairs].reverse()) {
      if (!cert || !key) continue;
      const context = createSecureContext({ ...this.base, cert, key });
      const isNamed = names.length > 0;
      for (const name of isNamed ? names : namesOf(cert)) (isNamed ? named : found).set(name.toLowerCase(), context);
    }
    return new Map([...found, ...named]);
  }
}
