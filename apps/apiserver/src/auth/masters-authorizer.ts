import { GROUP_MASTERS, type Decision, type User } from '../pipeline';
import type { CachedAuthorizer } from './fresh-authorizer';

const allowed: Decision = { verdict: 'allow' };
const noOpinion: Decision = { verdict: 'no-opinion' };

/** Members of system:masters may do everything: the way back in when RBAC has locked everybody out. */
export class MastersAuthorizer implements CachedAuthorizer {
  readonly name = 'masters';

  authorize(user: User): Decision {
    return user.groups.includes(GROUP_MASTERS) ? allowed : noOpinion;
  }
}
