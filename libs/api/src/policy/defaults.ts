import type { policyv1 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { type Loose } from '../support/loose';

export function defaultPodDisruptionBudget(budget: Loose<policyv1.PodDisruptionBudget>): void {
  budget.spec ??= {};
  const status = (budget.status ??= {});
  status.disruptionsAllowed ??= 0;
  status.currentHealthy ??= 0;
  status.desiredHealthy ??= 0;
  status.expectedPods ??= 0;
}

export const policyDefaults: Defaulters = { 'policy/v1/PodDisruptionBudget': defaulter(defaultPodDisruptionBudget) };
