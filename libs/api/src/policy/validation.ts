import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { policyv1 } from '../gen';
import { type Loose } from '../support/loose';
import { validateConditions } from '../validation/conditions';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { pathSegmentName } from '../validation/name-rules';
import { atMostAll, countOrPercent, type Findings, nonNegative, oneOf } from '../validation/rules';
import { selectorFaults } from '../validation/selector-faults';

const specPath = FieldPath.of('spec');

/** By `<group>/<kind>`. */
export const policyValidation: Readonly<Record<string, ContentRules>> = {
  'policy/PodDisruptionBudget': contentRules<Loose<policyv1.PodDisruptionBudget>>({
    name: pathSegmentName,
    content({ spec = {} }, old) {
      const found: Findings = [];
      const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
      if (minAvailable !== undefined && maxUnavailable !== undefined)
        found.push(fieldErrors.invalid(specPath, spec, 'minAvailable and maxUnavailable cannot be both set'));
      for (const [field, value] of [['minAvailable', minAvailable], ['maxUnavailable', maxUnavailable]] as const) {
        if (value === undefined) continue;
        countOrPercent(value, specPath.child(field), found);
        atMostAll(value, specPath.child(field), found);
      }
      found.push(...selectorFaults(selector, specPath.child('selector'), [old?.spec?.selector]));
      if (unhealthyPodEvictionPolicy !== undefined) oneOf(unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget'], specPath.child('unhealthyPodEvictionPolicy'), found);
      return found;
    },
    status({ status = {} }) {
      const found: Findings = [];
      validateConditions(status.conditions, FieldPath.of('status', 'conditions'), found);
      for (const field of ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const) nonNegative(status[field], FieldPath.of('status', field), found);
      return found;
    },
  }),
};
