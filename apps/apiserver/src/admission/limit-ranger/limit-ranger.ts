import { core, type corev1 } from '@navarch/api';
import { aggregateText } from '../../auth/aggregate-text';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../../pipeline';
import { refused } from '../refused';
import { claimFaults, podFaults } from './constraints';
import { applyDefaults } from './defaults';

/** Pods and claims keep to the LimitRanges of their namespace, whose defaults fill in what containers do not say. */
export class LimitRanger implements AdmissionPlugin {
  readonly name = 'LimitRanger';

  constructor(private readonly reader: ObjectReader) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    if (group !== '' || (resource !== 'pods' && resource !== 'persistentvolumeclaims')) return false;
    if (operation === 'CREATE') return subresource === '';
    // Pods change what they ask for by a resize only.
    return operation === 'UPDATE' && subresource === (resource === 'pods' ? 'resize' : '');
  }

  /** Who is going need not keep to anything. */
  applies({ operation, object }: AdmissionAttributes): boolean {
    return operation === 'CREATE' || object?.metadata.deletionTimestamp === undefined;
  }

  mutate({ operation, resource, namespace, object }: AdmissionAttributes): void {
    if (resource !== 'pods' || operation !== 'CREATE') return;
    for (const range of this.reader.list(core.limitranges, namespace)) applyDefaults(object as corev1.Pod, range);
  }

  validate(attributes: AdmissionAttributes): void {
    const { resource, namespace, object } = attributes;
    for (const range of this.reader.list(core.limitranges, namespace)) {
      const faults = resource === 'pods' ? podFaults(object as corev1.Pod, range) : claimFaults(object as corev1.PersistentVolumeClaim, range);
      if (faults.length > 0) throw refused(attributes, aggregateText(faults));
    }
  }
}
