import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { coordinationv1 } from '../gen';
import { type Loose } from '../support/loose';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { type Findings, nonNegative, positive } from '../validation/rules';
import { candidateValidation } from './candidate-validation';
import { validateLeaseStrategy } from './lease-strategy';

/** By `<group>/<kind>`. */
export const coordinationValidation: Readonly<Record<string, ContentRules>> = {
  'coordination.k8s.io/Lease': contentRules<Loose<coordinationv1.Lease>>({
    content({ spec = {} }) {
      const found: Findings = [];
      const path = FieldPath.of('spec');
      positive(spec.leaseDurationSeconds, path.child('leaseDurationSeconds'), found);
      nonNegative(spec.leaseTransitions, path.child('leaseTransitions'), found);
      if (spec.strategy !== undefined) validateLeaseStrategy(spec.strategy, path.child('strategy'), found);
      if (spec.preferredHolder && !spec.strategy) found.push(fieldErrors.forbidden(path.child('preferredHolder'), 'may only be specified if `strategy` is defined'));
      return found;
    },
  }),
  'coordination.k8s.io/LeaseCandidate': candidateValidation,
};
