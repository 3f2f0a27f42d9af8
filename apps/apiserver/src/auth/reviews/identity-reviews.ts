import type { KubeObject, authenticationv1 } from '@navarch/api';
import { badRequest, formatTime, isUnauthorized } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { Authenticator, RequestNotes, User, VirtualCreate } from '../../pipeline';
import { aggregateText } from '../aggregate-text';
import { type TokenValidator, userOf } from '../tokens/token-validator';

function infoOf(user: User): authenticationv1.UserInfo {
  return {
    username: user.name,
    ...(user.uid !== undefined && user.uid !== '' ? { uid: user.uid } : {}),
    groups: [...user.groups],
    ...(user.extra ? { extra: Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]])) } : {}),
  };
}

/** SelfSubjectReview: who am I? */
export function selfSubjectReviews(clock: Clock): (request: VirtualCreate) => Promise<KubeObject> {
  return async ({ object, user, validate }) => {
    await validate();
    return { ...object, metadata: { creationTimestamp: formatTime(clock.now()) }, status: { userInfo: infoOf(user) } } as KubeObject;
  };
}

export interface TokenReviewsDeps {
  readonly validator: TokenValidator;
  /** Authenticators of tokens that are for this server only. */
  readonly others: readonly Authenticator[];
  readonly apiAudiences: readonly string[];
}

/** What bearer tokens that nobody knows are answered with. */
const unknownToken = 'invalid bearer token';

/** TokenReview: whose is this token, and is it good for these audiences? */
export class TokenReviews {
  constructor(private readonly deps: TokenReviewsDeps) {}

  readonly review = async ({ object, validate, warn, annotate }: VirtualCreate): Promise<KubeObject> => {
    const { spec = {} } = object as { spec?: Partial<authenticationv1.TokenReviewSpec> };
    const { token = '', audiences = [] } = spec;
    if (token === '') throw badRequest('token is required for TokenReview in authentication');
    await validate();
    return { ...object, status: await this.#statusOf(token, audiences, { warn, annotate: (key, value) => annotate?.(key, value) }) } as KubeObject;
  };

  async #statusOf(token: string, asked: readonly string[], notes: RequestNotes): Promise<authenticationv1.TokenReviewStatus> {
    const { validator, others, apiAudiences } = this.deps;
    const wanted = asked.length > 0 ? asked : apiAudiences;
    try {
      const verified = await validator.validate(token, wanted, notes);
      if (verified !== undefined) return { authenticated: true, user: infoOf(userOf(verified)), audiences: [...verified.audiences] };
      const audiences = apiAudiences.filter((audience) => wanted.includes(audience));
      for (const authenticator of audiences.length > 0 ? others : []) {
        const user = await authenticator.authenticate({ peer: undefined, authorization: `Bearer ${token}`, headers: {} });
        if (user !== undefined) return { authenticated: true, user: infoOf(user), audiences };
      }
      return { user: {}, error: unknownToken };
    } catch (error) {
      const why = error instanceof Error && !isUnauthorized(error) ? error.message : unknownToken;
      return { user: {}, error: aggregateText([unknownToken, why]) };
    }
  }
}
