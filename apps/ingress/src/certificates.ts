import { createSecureContext, type SecureContext } from 'node:tls';
import type { corev1, networkingv1 } from '@navarch/api';

export interface CertificatesDeps {
  readonly secret: (namespace: string, name: string) => corev1.Secret | undefined;
  /** A certificate or key that is none: the host falls back to the default, as with ingress-nginx. */
  readonly onBad: (secret: string, error: unknown) => void;
}

/** Certificates by server name, from the Secrets that Ingresses name. */
export class Certificates {
  #names = new Map<string, string>();
  /** Contexts by Secret, made anew when its version changes. */
  readonly #contexts = new Map<string, { readonly version: string; readonly context: SecureContext | undefined }>();

  constructor(private readonly deps: CertificatesDeps) {}

  update(ingresses: readonly networkingv1.Ingress[]): void {
    const names = new Map<string, string>();
    for (const { metadata, spec } of ingresses) {
      for (const { hosts = [], secretName } of spec?.tls ?? []) {
        if (secretName === undefined) continue;
        // Without hosts it is meant for all hosts of its rules.
        for (const host of hosts.length > 0 ? hosts : (spec?.rules ?? []).map((rule) => rule.host ?? '')) {
          if (!names.has(host.toLowerCase())) names.set(host.toLowerCase(), `${metadata.namespace ?? ''}/${secretName}`);
        }
      }
    }
    this.#names = names;
    const used = new Set(names.values());
    for (const key of this.#contexts.keys()) if (!used.has(key)) this.#contexts.delete(key);
  }

  /** Undefined: the default certificate. */
  find(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase();
    const key = this.#names.get(name) ?? this.#names.get(`*.${name.slice(name.indexOf('.') + 1)}`);
    return key === undefined ? undefined : this.#context(key);
  }

  #context(key: string): SecureContext | undefined {
    const slash = key.indexOf('/');
    const secret = this.deps.secret(key.slice(0, slash), key.slice(slash + 1));
    if (secret === undefined) return undefined;
    const version = secret.metadata.resourceVersion ?? '';
    const known = this.#contexts.get(key);
    if (known?.version === version) return known.context;
    const context = this.#make(key, secret);
    this.#contexts.set(key, { version, context });
    return context;
  }

  #make(key: string, { data = {} }: corev1.Secret): SecureContext | undefined {
    const pem = (name: string): Buffer => Buffer.from(data[name] ?? '', 'base64');
    try {
      if (data['tls.crt'] === undefined || data['tls.key'] === undefined) throw new Error('it has no tls.crt or no tls.key');
      return createSecureContext({ cert: pem('tls.crt'), key: pem('tls.key'), minVersion: 'TLSv1.2' });
    } catch (error) {
      this.deps.onBad(key, error);
      return undefined;
    }
  }
}
