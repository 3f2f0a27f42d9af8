import type { corev1 } from '@navarch/api';
import { decimalIntegerMessages, parseInt64 } from '@navarch/apimachinery';

type Taint = Pick<corev1.Taint, 'key' | 'effect'> & { readonly value?: string };

/** Whether one toleration covers a taint (upstream's Toleration.ToleratesTaint). Whether it may compare numbers the API server has decided. */
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

const numberOf = (text = ''): bigint | undefined => (decimalIntegerMessages(text).length > 0 ? undefined : parseInt64(text));

/** The taint's value is less, or greater, than the toleration's; what is no number of 64 bits is neither (upstream's compareNumericValues). */
function comparesTo({ operator, value }: corev1.Toleration, taint: Taint): boolean {
  const [bound, actual] = [numberOf(value), numberOf(taint.value)];
  if (bound === undefined || actual === undefined) return false;
  return operator === 'Lt' ? actual < bound : actual > bound;
}

export function tolerates(tolerations: readonly corev1.Toleration[] | undefined, taint: Taint): boolean {
  return tolerations?.some((toleration) => tolerationCovers(toleration, taint)) === true;
}
