import type { KubeObject, authenticationv1 } from '@navarch/api';
import { badRequest } from '@navarch/apimachinery';
import type { Authenticator, User, VirtualCreate } from '../../pipeline';
import type { TokenValidator } from '../tokens/token-validator';
import { userOf } from '../tokens/token-validator';

function infoOf(user: User): authenticationv1.UserInfo {
  return {
    username: user.name,
    ...(user.uid !== undefined ? { uid: user.uid } : {}),
    groups: [...user.groups],
    ...(user.extra ? { extra: Object.fromEntries(Object.entries(user.extra).map(([key, values]) => [key, [...values]])) } : {}),
  };
}

/** SelfSubjectReview: who am I? */
export function selfSubjectReview({ object, user }: VirtualCreate): KubeObject {
  return { ...object, status: { userInfo: infoOf(user) } } as KubeObject;
}

/** TokenReview: whose is this token, and is it good for these audiences? */
export class TokenReviews {
  constructor(
    private readonly validator: TokenValidator | undefined,
    private readonly others: readonly Authenticator[],
    private readonly apiAudiences: readonly string[],
  ) {}

  readonly review = async ({ object }: VirtualCreate): Promise<KubeObject> => {
    const review = object as authenticationv1.TokenReview;
    const token = review.spec.token ?? '';
    if (token === '') throw badRequest('token is required for TokenReview in authentication');
    return { ...review, status: await this.#statusOf(token, review.spec.audiences ?? []) } as KubeObject;
  };

  async #statusOf(token: string, asked: readonly string[]): Promise<authenticationv1.TokenReviewStatus> {
    const wanted = asked.length > 0 ? asked : this.apiAudiences;
    try {
      const verified = await this.validator?.validate(token);
      if (verified !== undefined) {
        const audiences = verified.audiences.filter((audience) => wanted.includes(audience));
        if (audiences.length === 0) return { authenticated: false, error: `token audiences [${verified.audiences.map((a) => JSON.stringify(a)).join(' ')}] is invalid for the target audiences [${wanted.map((a) => JSON.stringify(a)).join(' ')}]` };
        return { authenticated: true, user: infoOf(userOf(verified)), audiences };
      }
      for (const authenticator of this.others) {
        const user = await authenticator.authenticate({ peer: undefined, authorization: `Bearer ${token}`, headers: {} });
        if (user !== undefined) return { authenticated: true, user: infoOf(user), audiences: [...wanted] };
      }
      return { authenticated: false, error: 'invalid bearer token' };
    } catch (error) {
      return { authenticated: false, error: error instanceof Error ? error.message : 'invalid bearer token' };
    }
  }
}
