import { type authenticationv1, type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { errorText } from '../error-text';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';

/** Asks the apiserver for a token of a service account. */
export type RequestToken = (namespace: string, serviceAccount: string, request: authenticationv1.TokenRequest) => Promise<authenticationv1.TokenRequest>;

export interface CachedToken {
  readonly token: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

const defaultExpirationSeconds = 3600;
/** Upstream's numbers: renewed when four fifths of its life, or a day, have passed. */
const renewAfter = 0.8;
const maxAgeMs = 24 * 3600 * 1000;

/** Tokens of pods' service accounts, bound to the pods and renewed in time. */
export class TokenCache {
  readonly #tokens = new Map<string, CachedToken>();

  constructor(private readonly deps: { readonly request: RequestToken; readonly clock: Clock }) {}

  async get(pod: corev1.Pod, projection: Pick<corev1.ServiceAccountTokenProjection, 'audience' | 'expirationSeconds'>): Promise<string> {
    return (await this.find(pod, projection)).token;
  }

  /** As `get`, with the moment the token ends. */
  async find(pod: corev1.Pod, projection: Pick<corev1.ServiceAccountTokenProjection, 'audience' | 'expirationSeconds'>): Promise<CachedToken> {
    const expirationSeconds = projection.expirationSeconds ?? defaultExpirationSeconds;
    const key = `${uidOf(pod)}/${projection.audience ?? ''}/${expirationSeconds}`;
    const cached = this.#tokens.get(key);
    if (cached && !this.#needsRenewal(cached)) return cached;
    try {
      const fresh = await this.#request(pod, projection.audience, expirationSeconds);
      this.#tokens.set(key, fresh);
      return fresh;
    } catch (error) {
      // An old token that still holds is better than none.
      if (cached && cached.expiresAtMs > this.deps.clock.now()) return cached;
      throw new Error(`failed to fetch token: ${errorText(error)}`, { cause: error });
    }
  }

  forgetPod(uid: string): void {
    for (const key of this.#tokens.keys()) if (key.startsWith(`${uid}/`)) this.#tokens.delete(key);
  }

  #needsRenewal({ issuedAtMs, expiresAtMs }: CachedToken): boolean {
    const ageMs = this.deps.clock.now() - issuedAtMs;
    return ageMs > maxAgeMs || ageMs > (expiresAtMs - issuedAtMs) * renewAfter;
  }

  async #request(pod: corev1.Pod, audience: string | undefined, expirationSeconds: number): Promise<CachedToken> {
    const issuedAtMs = this.deps.clock.now();
    const { status } = await this.deps.request(namespaceOf(pod), pod.spec?.serviceAccountName ?? 'default', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        audiences: audience === undefined || audience === '' ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: nameOf(pod), uid: uidOf(pod) },
      },
    });
    if (status?.token === undefined || status.expirationTimestamp === undefined) throw new Error('the answer holds no token');
    return { token: status.token, issuedAtMs, expiresAtMs: Date.parse(status.expirationTimestamp) };
  }
}
