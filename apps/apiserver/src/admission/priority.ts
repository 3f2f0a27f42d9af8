import { scheduling, type corev1, type schedulingv1 } from '@navarch/api';
import { forbidden } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from '../pipeline';

/** Fills a pod's priority and preemption policy from its PriorityClass, or from the global default. */
export class PriorityAdmission implements AdmissionPlugin {
  readonly name = 'Priority';

  constructor(private readonly reader: ObjectReader) {}

  handles({ operation, group, resource, subresource }: AdmissionAttributes): boolean {
    return operation === 'CREATE' && group === '' && resource === 'pods' && subresource === '';
  }

  mutate(attributes: AdmissionAttributes): void {
    const pod = attributes.object as corev1.Pod;
    if (pod.spec === undefined) return;
    const name = pod.spec.priorityClassName ?? '';
    const found = name === '' ? this.#globalDefault() : this.reader.get(scheduling.priorityclasses, '', name);
    if (name !== '' && found === undefined) throw forbidden(attributes, attributes.name, `no PriorityClass with name ${name} was found`);
    const value = found?.value ?? 0;
    if (pod.spec.priority !== undefined && pod.spec.priority !== value) throw forbidden(attributes, attributes.name, `the integer value of priority (${pod.spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`);
    const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority';
    if (pod.spec.preemptionPolicy !== undefined && pod.spec.preemptionPolicy !== policy)
      throw forbidden(attributes, attributes.name, `the string value of PreemptionPolicy (${pod.spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`);
    if (name === '' && found?.metadata.name !== undefined) pod.spec.priorityClassName = found.metadata.name;
    pod.spec.priority = value;
    pod.spec.preemptionPolicy = policy;
  }

  /** Of several (which only a race can make) the lowest counts. */
  #globalDefault(): schedulingv1.PriorityClass | undefined {
    return this.reader.list(scheduling.priorityclasses).filter((entry) => entry.globalDefault === true).sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
  }
}
