import type { schedulingv1, schedulingv1alpha2 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { type Loose } from '../support/loose';

export function defaultPriorityClass(priorityClass: Loose<schedulingv1.PriorityClass>): void {
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
}

function defaultPodGroup(group: Loose<schedulingv1alpha2.PodGroup>): void {
  (group.spec ??= {}).disruptionMode ??= 'Pod';
}

export const schedulingDefaults: Defaulters = {
  'scheduling.k8s.io/v1/PriorityClass': defaulter(defaultPriorityClass),
  'scheduling.k8s.io/v1alpha2/PodGroup': defaulter(defaultPodGroup),
};
