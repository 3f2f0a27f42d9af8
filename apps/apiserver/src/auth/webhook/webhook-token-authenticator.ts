import type { authenticationv1 } from '@navarch/api';
import { unauthorized } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { AuthenticationRequest, Authenticator, User } from '../../pipeline';
import type { ReviewVersion } from '../authorization-config';
import { bearerToken } from '../authentication/bearer-token';
import { askingAgain } from './asking-again';
import { hashedKey, TimedCache } from './timed-cache';
import type { ReviewEndpoint } from './webhook-authorizer';

export interface WebhookTokenOptions {
  readonly audiences: readonly string[];
  /** `--authentication-token-webhook-cache-ttl` */
  readonly ttlMs: number;
  /** `--authentication-token-webhook-version` */
  readonly reviewVersion: ReviewVersion;
}

const timeoutMs = 30_000;
const entries = 4_096;

/** Bearer tokens that a webhook knows (`--authentication-token-webhook-config-file`). */
export class WebhookTokenAuthenticator implements Authenticator {
  readonly name = 'webhook';
  readonly #answers: TimedCache<User | 'unknown'>;
  /** Many requests that begin with the same new token ask once. */
  readonly #underWay = new Map<string, Promise<User | 'unknown'>>();

  constructor(
    private readonly options: WebhookTokenOptions,
    private readonly deps: { readonly endpoint: ReviewEndpoint; readonly clock: Clock; readonly log: Logger },
  ) {
    this.#answers = new TimedCache(entries, deps.clock);
  }

  async authenticate(request: AuthenticationRequest): Promise<User | undefined> {
    const token = bearerToken(request);
    if (token === undefined) return undefined;
    // No secret of a user is kept longer than its request.
    const key = hashedKey(token);
    const known = this.#answers.get(key) ?? (await (this.#underWay.get(key) ?? this.#learn(key, token)));
    return known === 'unknown' ? undefined : known;
  }

  #learn(key: string, token: string): Promise<User | 'unknown'> {
    const learning = this.#ask(token).then((known) => {
      this.#answers.set(key, known, this.options.ttlMs);
      return known;
    }).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, learning);
    return learning;
  }

  /** @throws unauthorized when nobody answers: that is not remembered */
  async #ask(token: string): Promise<User | 'unknown'> {
    const { audiences, reviewVersion } = this.options;
    const review: authenticationv1.TokenReview = { apiVersion: `authentication.k8s.io/${reviewVersion}`, kind: 'TokenReview', metadata: {}, spec: { token, audiences: [...audiences] } };
    let status: Partial<authenticationv1.TokenReviewStatus>;
    try {
      ({ status = {} } = await askingAgain(this.deps.clock, () => this.deps.endpoint.post<{ status?: typeof status }>(review, timeoutMs)));
    } catch (error) {
      this.deps.log.warn({ err: error }, 'authentication webhook could not be asked');
      throw unauthorized();
    }
    if (status.authenticated !== true || status.user?.username === undefined) return 'unknown';
    if (status.audiences && status.audiences.length > 0 && !status.audiences.some((audience) => audiences.includes(audience))) return 'unknown';
    const { username, uid, groups = [], extra } = status.user;
    return { name: username, groups, ...(uid === undefined || uid === '' ? {} : { uid }), ...(extra === undefined ? {} : { extra }) };
  }
}
