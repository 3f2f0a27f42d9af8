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
  readonly #defaults: readonly (corev1.Toleration & { readonly key: string })[];

  constructor(seconds: TolerationSeconds) {
    const common = { operator: 'Exists', effect: 'NoExecute' };
    this.#defaults = [{ key: notReady, ...common, tolerationSeconds: seconds.notReady }, { key: unreachable, ...common, tolerationSeconds: seconds.unreachable }];
  }

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return (operation === 'CREATE' || operation === 'UPDATE') && group === '' && resource === 'pods' && subresource === '';
  }

  mutate({ object }: AdmissionAttributes): void {
    const { spec } = object as corev1.Pod;
    if (spec === undefined) return;
    const given = spec.tolerations ?? [];
    const missing = this.#defaults.filter(({ key }) => !given.some((toleration) => tolerates(toleration, key)));
    if (missing.length > 0) spec.tolerations = [...given, ...missing.map((toleration) => ({ ...toleration }))];
  }
}

function tolerates({ key = '', effect = '' }: corev1.Toleration, taint: string): boolean {
  return (key === taint || key === '') && (effect === 'NoExecute' || effect === '');
}
