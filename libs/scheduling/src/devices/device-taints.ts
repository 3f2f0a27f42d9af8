import type { resourcev1 } from '@navarch/api';

/** Whether one toleration of a claim's request covers a taint of a device (upstream's resourceclaim.ToleratesTaint). */
export function deviceTolerationCovers({ key, operator = 'Equal', value = '', effect }: resourcev1.DeviceToleration, taint: resourcev1.DeviceTaint): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
  if (key === undefined || key === '' ? operator !== 'Exists' : key !== taint.key) return false;
  return operator === 'Exists' || value === (taint.value ?? '');
}
