import { createHash } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { type authenticationv1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';

/** Who asks. */
export interface Caller {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface AuthenticationDeps {
  readonly clock: Clock;
  readonly reviewToken: (review: authenticationv1.TokenReview) => Promise<authenticationv1.TokenReview>;
}

export interface AuthenticationOptions {
  /** Upstream's --anonymous-auth. */
  readonly anonymous: boolean;
  /** Upstream's --authentication-token-webhook: whether the apiserver is asked about tokens. */
  readonly tokens: boolean;
  /** Upstream's --authentication-token-webhook-cache-ttl. */
  readonly tokenCacheMs: number;
}

const maxCached = 4096;
const anonymous: Caller = { name: 'system:anonymous', uid: '', groups: ['system:unauthenticated'], extra: {} };

/** Finds out who asks: by the client certificate, else by a token that the apiserver vouches for. */
export class Authentication {
  readonly #cache = new Map<string, { readonly caller: Caller | undefined; readonly untilMs: number }>();

  constructor(private readonly options: AuthenticationOptions, private readonly deps: AuthenticationDeps) {}

  /** Undefined: nobody known. Rejects when the apiserver cannot be asked. */
  async identify(request: IncomingMessage): Promise<Caller | undefined> {
    const byCertificate = certificateCaller(request, this.deps.clock.now());
    if (byCertificate !== 'no certificate') return byCertificate;
    const [, token] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token !== undefined && this.options.tokens) return this.#byToken(token);
    return this.options.anonymous ? anonymous : undefined;
  }

  async #byToken(token: string): Promise<Caller | undefined> {
    const key = createHash('sha256').update(token).digest('base64');
    const now = this.deps.clock.now();
    const known = this.#cache.get(key);
    if (known && known.untilMs > now) return known.caller;
    const { status } = await this.deps.reviewToken({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token } });
    const user = status?.authenticated === true ? status.user : undefined;
    const caller = user && { name: user.username ?? '', uid: user.uid ?? '', groups: user.groups ?? [], extra: user.extra ?? {} };
    if (this.#cache.size >= maxCached) this.#cache.clear();
    this.#cache.set(key, { caller, untilMs: now + this.options.tokenCacheMs });
    return caller;
  }
}

/** Who a certificate of the client CA names; undefined for one that has expired since the connection was made. */
function certificateCaller({ socket }: IncomingMessage, nowMs: number): Caller | 'no certificate' | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return 'no certificate';
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  if (Date.parse(validTo) <= nowMs) return undefined;
  const { CN: names, O: organizations } = subject as { CN?: string | string[]; O?: string | string[] };
  const name = [names ?? []].flat().at(-1);
  if (name === undefined) return 'no certificate';
  return { name, uid: '', groups: [...[organizations ?? []].flat(), 'system:authenticated'], extra: {} };
}
