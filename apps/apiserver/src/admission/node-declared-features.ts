import { core, qosClassOf, semanticEqual, type corev1 } from '@navarch/api';
import { compareQuantities, parseQuantity, zeroQuantity } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../pipeline';
import { refused } from './refused';

type Needs = (pod: corev1.Pod, old: corev1.Pod) => boolean;

const cpuOf = ({ resources }: Pick<corev1.Container, 'resources'> = {}): ReturnType<typeof parseQuantity> => {
  const asked = resources?.requests?.['cpu'];
  return asked === undefined ? zeroQuantity : parseQuantity(asked);
};

/** What a node must say that it can do, before a pod that it has may be changed so (KEP-5328). */
const features: Readonly<Record<string, Needs>> = {
  GuaranteedQoSPodCPUResize: ({ spec }, old) =>
    (old.status?.qosClass ?? qosClassOf(old.spec ?? {})) === 'Guaranteed' &&
    (spec?.containers ?? []).some((container, i) => compareQuantities(cpuOf(container), cpuOf(old.spec?.containers[i])) !== 0),
  InPlacePodVerticalScalingInitContainers: ({ spec }, old) =>
    (old.spec?.initContainers ?? []).some(
      ({ restartPolicy, resources }, i) => restartPolicy !== 'Always' && !semanticEqual(resources, spec?.initContainers?.[i]?.resources),
    ),
  InPlacePodLevelResourcesVerticalScaling: ({ spec }, old) => !semanticEqual(spec?.resources, old.spec?.resources),
};

/** A pod on a node is changed only into what its node declares that it can carry out: who asks hears of that, instead of a kubelet that passes it over. */
export class NodeDeclaredFeatureValidator implements AdmissionPlugin {
  readonly name = 'NodeDeclaredFeatureValidator';

  constructor(private readonly reader: ObjectReader) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return operation === 'UPDATE' && group === '' && resource === 'pods' && (subresource === '' || subresource === 'resize');
  }

  validate(attributes: AdmissionAttributes): void {
    const [pod, old] = [attributes.object, attributes.oldObject] as [corev1.Pod, corev1.Pod];
    const { nodeName = '' } = pod.spec ?? {};
    if (nodeName === '' || pod.metadata.generation === old.metadata.generation) return;
    const wanted = Object.keys(features).filter((name) => features[name]?.(pod, old));
    if (wanted.length === 0) return;
    const node = this.reader.get(core.nodes, '', nodeName);
    if (node === undefined) throw refused(attributes, `node "${nodeName}" not found`);
    const missing = wanted.filter((name) => node.status?.declaredFeatures?.includes(name) !== true);
    if (missing.length > 0) throw refused(attributes, `pod update requires features ${missing.join(', ')} which are not available on node "${nodeName}"`);
  }
}
