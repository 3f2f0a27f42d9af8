import type { corev1 } from '@navarch/api';
import type { AdmissionAttributes, AdmissionPlugin, WriteSort } from '../pipeline';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** A new Node takes no pods until the node lifecycle controller has seen it ready. */
export class TaintNodesByCondition implements AdmissionPlugin {
  readonly name = 'TaintNodesByCondition';

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return operation === 'CREATE' && group === '' && resource === 'nodes' && subresource === '';
  }

  mutate({ object }: AdmissionAttributes): void {
    const node = object as corev1.Node;
    node.spec ??= {};
    const tainted = node.spec.taints?.some((taint) => taint.key === notReady.key && taint.effect === notReady.effect);
    if (tainted !== true) node.spec.taints = [...(node.spec.taints ?? []), { ...notReady }];
  }
}
