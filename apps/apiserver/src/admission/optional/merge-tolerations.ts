import type { corev1 } from '@navarch/api';

type Toleration = corev1.Toleration;

const operatorOf = ({ operator }: Toleration): string => (operator === undefined || operator === '' ? 'Equal' : operator);

/** Whether whatever one tolerates the other does too. */
export function covers(wide: Toleration, narrow: Toleration): boolean {
  if ((wide.key ?? '') !== '' && wide.key !== narrow.key) return false;
  if ((wide.effect ?? '') !== '' && wide.effect !== narrow.effect) return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined && (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds)) return false;
  return operatorOf(wide) === 'Exists' || (operatorOf(narrow) === operatorOf(wide) && (wide.value ?? '') === (narrow.value ?? ''));
}

const identity = (key: string, effect: string, operator: string, value: string): string => JSON.stringify(operator === 'Exists' ? [key, effect] : [key, effect, operator, value]);
const own = (one: Toleration): string => identity(one.key ?? '', one.effect ?? '', operatorOf(one), one.value ?? '');

/** Of all that may cover one: of any key or its own, any effect or its own, any value or its own. */
function wider(one: Toleration): string[] {
  const keys = [...new Set(['', one.key ?? ''])];
  const effects = [...new Set(['', one.effect ?? ''])];
  return keys.flatMap((key) => effects.flatMap((effect) => ['Exists', operatorOf(one)].map((operator) => identity(key, effect, operator, one.value ?? ''))));
}

/** All of both, without those that another covers; of those that cover each other the first stays. Looks them up, as there may be thousands. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  // Those that differ in their seconds only cover each other one way.
  const widest = new Map<string, Toleration>();
  for (const one of [...first, ...second]) {
    const text = own(one);
    const known = widest.get(text);
    if (known && covers(known, one)) continue;
    // Each stands where it came.
    widest.delete(text);
    widest.set(text, one);
  }
  return [...widest.values()].filter((one) => !wider(one).some((text) => {
    const other = widest.get(text);
    return other !== undefined && other !== one && covers(other, one);
  }));
}
