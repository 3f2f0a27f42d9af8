import { core, type corev1 } from '@navarch/api';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../../pipeline';

const COPIED = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** A pod bears where its node is, so that it can be told without asking about the node: on its Binding, which carries it over. */
export class PodTopologyLabels implements AdmissionPlugin {
  readonly name = 'PodTopologyLabels';

  constructor(private readonly reader: ObjectReader) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return operation === 'CREATE' && group === '' && resource === 'pods' && (subresource === '' || subresource === 'binding');
  }

  mutate({ object, subresource }: AdmissionAttributes): void {
    if (object === undefined) return;
    const target = (object as Partial<corev1.Binding>).target;
    const node = subresource === '' ? (object as corev1.Pod).spec?.nodeName : target?.kind === 'Node' ? target.name : undefined;
    const labels = node === undefined || node === '' ? undefined : this.reader.get(core.nodes, '', node)?.metadata.labels;
    for (const key of COPIED) {
      const value = labels?.[key];
      // What the pod says of itself does not count: it is where it is.
      if (value !== undefined) (object.metadata.labels ??= {})[key] = value;
    }
  }
}
