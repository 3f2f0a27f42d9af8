import type { schedulingv1 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { type Loose } from '../support/loose';

export function defaultPriorityClass(priorityClass: Loose<schedulingv1.PriorityClass>): void {
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
}

export const schedulingDefaults: Defaulters = { 'scheduling.k8s.io/v1/PriorityClass': defaulter(defaultPriorityClass) };
