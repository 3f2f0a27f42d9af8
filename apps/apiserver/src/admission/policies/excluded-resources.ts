import type { WriteSort } from '../../pipeline';
import { isExempt } from '../webhooks/webhook-calls';

/** Who somebody is and what they may: a policy that refused these questions would leave nobody who may mend it. */
const reviews = new Set([
  'authentication.k8s.io/selfsubjectreviews', 'authentication.k8s.io/tokenreviews',
  'authorization.k8s.io/localsubjectaccessreviews', 'authorization.k8s.io/selfsubjectaccessreviews', 'authorization.k8s.io/selfsubjectrulesreviews', 'authorization.k8s.io/subjectaccessreviews',
]);

/** What policies do not look at, whatever they match. */
export const isExcluded = (sort: WriteSort): boolean => isExempt(sort) || reviews.has(`${sort.group}/${sort.resource}`);
