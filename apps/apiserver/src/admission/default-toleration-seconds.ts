import type { corev1 } from '@navarch/api';
import type { AdmissionAttributes, AdmissionPlugin, WriteSort } from '../pipeline';

const notReady = 'node.kubernetes.io/not-ready';
const unreachable = 'node.kubernetes.io/unreachable';

export interface TolerationSeconds {
  /** `--default-not-ready-toleration-seconds` */
  readonly notReady: number;
  /** `--default-unreachable-toleration-seconds` */
  readonly unreachable: number;
}

/** Pods stay this long on a node that is not ready or not reachable, unless they say otherwise. */
export class DefaultTolerationSeconds implements AdmissionPlugin {
  readonly name = 'DefaultTolerationSeconds';

  constructor(private readonly seconds: TolerationSeconds) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return (operation === 'CREATE' || operation === 'UPDATE') && group === '' && resource === 'pods' && subresource === '';
  }

  mutate({ object }: AdmissionAttributes): void {
    const { spec } = object as corev1.Pod;
    if (spec === undefined) return;
    const given = spec.tolerations ?? [];
    const missing = ([[notReady, this.seconds.notReady], [unreachable, this.seconds.unreachable]] as const).filter(([key]) => !given.some((toleration) => tolerates(toleration, key)));
    if (missing.length > 0) spec.tolerations = [...given, ...missing.map(([key, tolerationSeconds]) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }))];
  }
}

function tolerates({ key = '', effect = '' }: corev1.Toleration, taint: string): boolean {
  return (key === taint || key === '') && (effect === 'NoExecute' || effect === '');
}
