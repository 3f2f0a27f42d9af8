import type { WriteSort } from '../../pipeline';

/**
 * Who somebody is and what they may, and policies themselves: one that refused these would leave nobody who may mend it.
 * Configurations of webhooks are looked at, unlike by webhooks (generic/plugin.go).
 */
const excluded = new Set([
  'authentication.k8s.io/selfsubjectreviews', 'authentication.k8s.io/tokenreviews',
  'authorization.k8s.io/localsubjectaccessreviews', 'authorization.k8s.io/selfsubjectaccessreviews', 'authorization.k8s.io/selfsubjectrulesreviews', 'authorization.k8s.io/subjectaccessreviews',
  'admissionregistration.k8s.io/validatingadmissionpolicies', 'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'admissionregistration.k8s.io/mutatingadmissionpolicies', 'admissionregistration.k8s.io/mutatingadmissionpolicybindings',
]);

/** What policies do not look at, whatever they match. */
export const isExcluded = ({ group, resource }: WriteSort): boolean => excluded.has(`${group}/${resource}`);
