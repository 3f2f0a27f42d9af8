import { fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { schedulingv1 } from '../gen';
import { type Loose } from '../support/loose';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { type Findings, immutable, supported } from '../validation/rules';
import { podGroupValidation, workloadValidation } from './workload-validation';

/** Above it is for the system. */
const highestOfUsers = 1_000_000_000;
const systemPrefix = 'system-';
const systemClasses: Readonly<Record<string, number>> = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 };

/** By `<group>/<kind>`. */
export const schedulingValidation: Readonly<Record<string, ContentRules>> = {
  'scheduling.k8s.io/PodGroup': podGroupValidation,
  'scheduling.k8s.io/PriorityClass': contentRules<Loose<schedulingv1.PriorityClass>>({
    // An update is only told what may not change.
    content({ metadata, value = 0, preemptionPolicy, globalDefault }, old) {
      const found: Findings = [];
      if (old !== undefined) return found;
      const { name = '' } = metadata ?? {};
      if (name.startsWith(systemPrefix)) {
        const known = systemClasses[name];
        let reason: string | undefined;
        if (known === undefined) reason = `${name} is not a known system priority class`;
        else if (known !== value) reason = `value of ${name} PriorityClass must be ${known}`;
        else if (globalDefault) reason = `globalDefault of ${name} PriorityClass must be false`;
        if (reason !== undefined)
          found.push(fieldErrors.forbidden(FieldPath.of('metadata', 'name'), `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${reason}`));
      } else if (value > highestOfUsers) found.push(fieldErrors.forbidden(FieldPath.of('value'), `maximum allowed value of a user defined priority is ${highestOfUsers}`));
      supported(preemptionPolicy, ['PreemptLowerPriority', 'Never'], FieldPath.of('preemptionPolicy'), found);
      return found;
    },
    change(priorityClass, old) {
      const found: Findings = [];
      if ((priorityClass.value ?? 0) !== (old.value ?? 0)) found.push(fieldErrors.forbidden(FieldPath.of('value'), 'may not be changed in an update.'));
      immutable(priorityClass.preemptionPolicy, old.preemptionPolicy, FieldPath.of('preemptionPolicy'), found);
      return found;
    },
  }),
  'scheduling.k8s.io/Workload': workloadValidation,
};
