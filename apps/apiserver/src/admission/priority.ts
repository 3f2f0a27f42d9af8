import { scheduling, type corev1, type schedulingv1 } from '@navarch/api';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../pipeline';
import { refused } from './refused';

const systemPrefix = 'system-';

/** Fills a pod's priority and preemption policy from its PriorityClass, or from the global default, of which there is one at most. */
export class PriorityAdmission implements AdmissionPlugin {
  readonly name = 'Priority';

  /** The classes that are marked as default, lowest first; undefined until somebody asks, and after each change of a class. */
  #defaults: readonly schedulingv1.PriorityClass[] | undefined;

  constructor(private readonly reader: ObjectReader) {
    reader.onChange(scheduling.priorityclasses, () => (this.#defaults = undefined));
  }

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    if (subresource !== '') return false;
    if (group === '' && resource === 'pods') return operation === 'CREATE' || operation === 'UPDATE';
    return group === 'scheduling.k8s.io' && resource === 'priorityclasses' && operation !== 'CONNECT';
  }

  mutate(attributes: AdmissionAttributes): void | Promise<void> {
    if (attributes.resource !== 'pods') return;
    const { spec } = attributes.object as corev1.Pod;
    if (spec === undefined) return;
    if (attributes.operation === 'UPDATE') {
      keepPriority(spec, (attributes.oldObject as corev1.Pod).spec);
      return;
    }
    const name = spec.priorityClassName ?? '';
    if (name !== '' && this.reader.get(scheduling.priorityclasses, '', name) === undefined) return this.reader.refresh().then(() => this.#fill(attributes, spec));
    this.#fill(attributes, spec);
  }

  validate(attributes: AdmissionAttributes): void {
    const { resource, operation, object, name } = attributes;
    if (resource !== 'priorityclasses') return;
    if (operation === 'DELETE') {
      if (name.startsWith(systemPrefix)) throw refused(attributes, 'this is a system priority class and cannot be deleted');
      return;
    }
    const offered = object as schedulingv1.PriorityClass;
    if (offered.globalDefault !== true) return;
    const present = this.#globalDefault()?.metadata.name;
    if (present !== undefined && (operation === 'CREATE' || present !== offered.metadata.name)) {
      throw refused(attributes, `PriorityClass ${present} is already marked as default. Only one default can exist`);
    }
  }

  #fill(attributes: AdmissionAttributes, spec: corev1.PodSpec): void {
    const name = spec.priorityClassName ?? '';
    const found = name === '' ? this.#globalDefault() : this.reader.get(scheduling.priorityclasses, '', name);
    if (name !== '' && found === undefined) throw refused(attributes, `no PriorityClass with name ${name} was found`);
    const value = found?.value ?? 0;
    if (spec.priority !== undefined && spec.priority !== value)
      throw refused(attributes, `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`);
    const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority';
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy)
      throw refused(
        attributes,
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      );
    if (found?.metadata.name !== undefined) spec.priorityClassName = found.metadata.name;
    spec.priority = value;
    spec.preemptionPolicy = policy;
  }

  /** Of several (which only a race can make) the lowest counts. */
  #globalDefault(): schedulingv1.PriorityClass | undefined {
    if (this.#defaults) return this.#defaults[0];
    const classes = this.reader.list(scheduling.priorityclasses);
    const defaults = classes.filter((entry) => entry.globalDefault === true).sort((a, b) => (a.value ?? 0) - (b.value ?? 0));
    // The system's classes are always there: none at all may mean a cache that is being loaded, and not tell of it.
    if (classes.length > 0) this.#defaults = defaults;
    return defaults[0];
  }
}

/** A client that leaves out what was filled in at creation means no change. */
function keepPriority(spec: corev1.PodSpec, old: corev1.PodSpec | undefined): void {
  if (spec.priority === undefined && old?.priority !== undefined) spec.priority = old.priority;
  if (spec.preemptionPolicy === undefined && old?.preemptionPolicy !== undefined) spec.preemptionPolicy = old.preemptionPolicy;
}
