import { core, podAmounts, parseAmounts, semanticEqual, type corev1 } from '@navarch/api';
import { ApiError, compareQuantities, type Quantity, zeroQuantity } from '@navarch/apimachinery';
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader, WriteSort } from '../pipeline';
import { refused } from './refused';

const OS_LABEL = 'kubernetes.io/os';
/** In these a refusal tells the amounts. */
const MILLI = 1_000_000n;
const WHOLE = 1_000_000_000n;
const MEASURED = [['cpu', MILLI], ['memory', WHOLE]] as const;

const roundedUp = ({ nanos }: Quantity, unit: bigint): bigint => (nanos + unit - 1n) / unit;

/** What the node could never give, even if it had no other pod. */
function beyondNode(pod: corev1.Pod, node: corev1.Node): string[] {
  // What it was given before does not matter: the node is asked whether it could bear what is wanted.
  const wanted = podAmounts({ metadata: pod.metadata, ...(pod.spec === undefined ? {} : { spec: pod.spec }) }, 'requests');
  const allocatable = parseAmounts(node.status?.allocatable);
  return MEASURED.flatMap(([name, unit]) => {
    const [asked, most] = [wanted.get(name) ?? zeroQuantity, allocatable.get(name) ?? zeroQuantity];
    return compareQuantities(asked, most) > 0 ? [`${name}, requested: ${roundedUp(asked, unit)}, allocatable: ${roundedUp(most, unit)}`] : [];
  });
}

/** A pod on a node gets no size that its node can never give it: who asks hears of that at once, and by its cause autoscalers know that waiting is of no use. */
export class PodResizeValidator implements AdmissionPlugin {
  readonly name = 'PodResizeValidator';

  constructor(private readonly reader: ObjectReader) {}

  handles({ operation, group, resource, subresource }: WriteSort): boolean {
    return operation === 'UPDATE' && group === '' && resource === 'pods' && subresource === 'resize';
  }

  validate(attributes: AdmissionAttributes): void {
    const [pod, old] = [attributes.object, attributes.oldObject] as [corev1.Pod, corev1.Pod];
    const { nodeName = '' } = pod.spec ?? {};
    if (nodeName === '' || semanticEqual(pod.spec, old.spec)) return;
    const node = this.reader.get(core.nodes, '', nodeName);
    if (node === undefined) throw refused(attributes, `node "${nodeName}" not found`);
    const os = node.metadata.labels?.[OS_LABEL];
    if (os !== undefined && os !== 'linux') throw because('UnsupportedPlatform', refused(attributes, `pod resize is only supported on linux nodes, node "${nodeName}" is "${os}"`));
    const beyond = beyondNode(pod, node);
    if (beyond.length > 0) throw because('NodeCapacity', refused(attributes, `node didn't have enough allocatable resources: ${beyond.join('; ')}`));
  }
}

function because(reason: string, { code, message, status }: ApiError): ApiError {
  return new ApiError({ code, reason: 'Forbidden', message, details: { ...status.details, causes: [...(status.details?.causes ?? []), { reason }] } });
}
