import { scheduling, type schedulingv1alpha2 } from '@navarch/api';
import { goQuote } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../pipeline';
import { refused } from './refused';

/** A PodGroup that says which template of which Workload it was made from says the truth. */
export class PodGroupWorkloadExists implements AdmissionPlugin {
  readonly name = 'PodGroupWorkloadExists';

  constructor(private readonly reader: ObjectReader) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return operation === 'CREATE' && group === 'scheduling.k8s.io' && resource === 'podgroups' && subresource === '';
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const origin = (attributes.object as schedulingv1alpha2.PodGroup).spec.podGroupTemplateRef?.workload;
    if (origin === undefined) return;
    const { workloadName, podGroupTemplateName } = origin;
    const find = (): schedulingv1alpha2.Workload | undefined => this.reader.get(scheduling.workloads, attributes.namespace, workloadName);
    if (find() === undefined) await this.reader.refresh();
    const workload = find();
    if (workload === undefined) throw refused(attributes, `PodGroup rejected: Workload ${goQuote(workloadName)} not found`);
    if (workload.metadata.deletionTimestamp !== undefined) throw refused(attributes, `PodGroup rejected: Workload ${goQuote(workloadName)} is being deleted`);
    if (!workload.spec.podGroupTemplates.some(({ name }) => name === podGroupTemplateName)) {
      throw refused(attributes, `PodGroup rejected: PodGroupTemplate ${goQuote(podGroupTemplateName)} not found in Workload ${goQuote(workloadName)}`);
    }
  }
}
