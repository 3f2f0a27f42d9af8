import { type corev1 } from '@navarch/api';
import { binaryQuantity, wholeValue } from '../quantities';
import { containersOf, initContainersOf, nameOf } from '../pods/pod-spec';
import { amountIn, type Threshold } from './thresholds';
import { resourceOf, type Level } from './pressure';
import { type PodUsage } from './pod-usage';

/** What the status of an evicted pod says: upstream's text. */
export function evictionMessage({ signal, amount }: Threshold, { available, capacity }: Level, pod: corev1.Pod, usage: PodUsage): string {
  const resource = resourceOf(signal);
  const bytes = resource === 'memory' || resource === 'ephemeral-storage';
  const text = (value: number): string => (bytes ? binaryQuantity(value) : String(Math.floor(value)));
  const head = `The node was low on resource: ${resource}. Threshold quantity: ${text(amountIn(amount, capacity))}, available: ${bytes ? `${Math.floor(available / 1024)}Ki` : text(available)}. `;
  if (!bytes) return head;
  const ofPod = resource === 'memory' ? pod.spec?.resources?.requests?.[resource] : undefined;
  const asWhole = ofPod === undefined ? '' : `Pod ${nameOf(pod)} was using ${formatKibibytes(usage.memoryBytes)}, request is ${ofPod}, has larger consumption of ${resource}. `;
  return head + asWhole + [...containersOf(pod), ...initContainersOf(pod)].flatMap(({ name, resources }) => {
    const used = usage.containers.get(name);
    const bytesUsed = resource === 'memory' ? used?.memoryBytes ?? 0 : used?.diskBytes ?? 0;
    const request = resources?.requests?.[resource] ?? '0';
    // Who has no more than it asked for is not to blame.
    return used === undefined || bytesUsed <= wholeValue(request) ? [] : [`Container ${name} was using ${formatKibibytes(bytesUsed)}, request is ${request}, has larger consumption of ${resource}. `];
  }).join('');
}

function formatKibibytes(bytes: number): string {
  return bytes % 1024 === 0 ? `${bytes / 1024}Ki` : String(bytes);
}
