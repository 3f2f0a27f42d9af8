import type { appsv1 } from '@navarch/api';
import { Gauge, type Registry } from 'prom-client';

type StatefulSet = appsv1.StatefulSet;

/** What the gauges show of a StatefulSet that rolls its pods itself. */
export interface Rollout {
  readonly maxUnavailable: number;
  readonly unavailable: number;
}

const labelNames = ['statefulset_namespace', 'statefulset_name', 'pod_management_policy'] as const;

/** Gauges by upstream's names (pkg/controller/statefulset/metrics), read from what is cached when somebody asks. */
export function statefulSetMetrics(registry: Registry, sets: () => readonly StatefulSet[], rolloutOf: (set: StatefulSet) => Rollout): void {
  const gauge = (name: string, help: string, of: (rollout: Rollout) => number): void => {
    new Gauge({
      name: `statefulset_controller_${name}`, help, labelNames, registers: [registry],
      collect() {
        this.reset();
        for (const set of sets()) {
          const { metadata: { namespace = '', name: statefulset_name = '' }, spec } = set;
          if ((spec?.updateStrategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') continue;
          this.set({ statefulset_namespace: namespace, statefulset_name, pod_management_policy: spec?.podManagementPolicy ?? 'OrderedReady' }, of(rolloutOf(set)));
        }
      },
    });
  };
  gauge('statefulset_max_unavailable', 'Maximum number of unavailable pods allowed during StatefulSet rolling updates', ({ maxUnavailable }) => maxUnavailable);
  gauge('statefulset_unavailable_replicas', 'Current number of unavailable pods in StatefulSet', ({ unavailable }) => unavailable);
}
