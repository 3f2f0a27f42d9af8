import type { corev1 } from '@navarch/api';

type Taint = Pick<corev1.Taint, 'key' | 'effect'> & { readonly value?: string };

/** Whether one toleration covers a taint (upstream's Toleration.ToleratesTaint). */
export function tolerationCovers(toleration: corev1.Toleration, taint: Taint): boolean {
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
  const key = toleration.key ?? '';
  if (key !== '' && key !== taint.key) return false;
  switch (toleration.operator ?? 'Equal') {
    case 'Exists':
      return true;
    case 'Equal':
    case '':
      return key !== '' && (toleration.value ?? '') === (taint.value ?? '');
    case 'Lt':
    case 'Gt':
      return comparesTo(toleration, taint);
    default:
      return false;
  }
}

/** Numeric tolerations: the taint's value is less, or greater, than the toleration's. */
function comparesTo({ operator, value }: corev1.Toleration, taint: Taint): boolean {
  const whole = /^(0|-?[1-9]\d*)$/;
  if (!whole.test(value ?? '') || !whole.test(taint.value ?? '')) return false;
  const [limit, actual] = [BigInt(value ?? ''), BigInt(taint.value ?? '')];
  return operator === 'Lt' ? actual < limit : actual > limit;
}

export function tolerates(tolerations: readonly corev1.Toleration[] | undefined, taint: Taint): boolean {
  return tolerations?.some((toleration) => tolerationCovers(toleration, taint)) === true;
}
