import { GROUP_MASTERS, type Authorizer, type Decision, type User } from '../pipeline';

const allowed: Decision = { verdict: 'allow' };
const noOpinion: Decision = { verdict: 'no-opinion' };

/** Members of system:masters may do everything: the way back in when RBAC has locked everybody out. */
export class MastersAuthorizer implements Authorizer {
  readonly name = 'masters';

  authorize(user: User): Decision {
    return user.groups.includes(GROUP_MASTERS) ? allowed : noOpinion;
  }

  rulesFor(user: User): ReturnType<NonNullable<Authorizer['rulesFor']>> {
    if (!user.groups.includes(GROUP_MASTERS)) return { resourceRules: [], nonResourceRules: [], incomplete: false };
    return {
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    };
  }
}
