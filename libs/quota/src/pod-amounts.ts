import type { corev1 } from '@navarch/api';
import { compareQuantities } from '@navarch/apimachinery';
import { addAmounts, type Amounts, noAmounts, readAmounts } from './amounts';

type Side = 'limits' | 'requests';
type Spec = Partial<corev1.PodSpec>;

const podLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

function greaterOf(a: Amounts, b: Amounts): Amounts {
  const greater = new Map(a);
  for (const [name, quantity] of b) {
    const known = greater.get(name);
    if (known === undefined || compareQuantities(quantity, known) > 0) greater.set(name, quantity);
  }
  return greater;
}

const isSidecar = ({ restartPolicy }: corev1.Container): boolean => restartPolicy === 'Always';

/** Overhead counts for limits only where there is one. */
function withOverhead(total: Amounts, overhead: Amounts, side: Side): Amounts {
  if (side === 'requests') return addAmounts(total, overhead);
  return addAmounts(total, new Map([...overhead].filter(([name]) => (total.get(name)?.nanos ?? 0n) !== 0n)));
}

/**
 * What a pod asks for, or is held to, in all: its containers and sidecars together, or its hungriest init container with the sidecars
 * started before it, whichever is more; what the pod itself states comes first.
 */
export function podAmounts(spec: Spec, side: Side, options: { readonly overhead: boolean } = { overhead: true }): Amounts {
  let total = noAmounts;
  let sidecars = noAmounts;
  let peak = noAmounts;
  const of = (container: corev1.Container): Amounts => readAmounts(container.resources?.[side]);
  for (const container of spec.containers ?? []) total = addAmounts(total, of(container));
  for (const container of spec.initContainers ?? []) {
    if (isSidecar(container)) {
      sidecars = addAmounts(sidecars, of(container));
      peak = greaterOf(peak, sidecars);
    } else peak = greaterOf(peak, addAmounts(of(container), sidecars));
  }
  total = greaterOf(addAmounts(total, sidecars), peak);
  if (spec.resources) total = new Map([...total, ...[...readAmounts(spec.resources[side])].filter(([name]) => podLevel(name))]);
  return options.overhead ? withOverhead(total, readAmounts(spec.overhead), side) : total;
}
