import { nanosPerUnit, type Quantity } from './quantity';

const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/**
 * The canonical text: no fraction, the largest suffix of the quantity's family that loses nothing.
 * A binary amount that is small or not whole is written in decimal.
 */
export function formatQuantity(quantity: Quantity): string {
  const { nanos, format } = quantity;
  if (nanos === 0n) return '0';
  const small = nanos > -1024n * nanosPerUnit && nanos < 1024n * nanosPerUnit;
  if (format === 'BinarySI' && !small && nanos % nanosPerUnit === 0n) return formatBinary(nanos / nanosPerUnit);

  let mantissa = nanos;
  let step = 0;
  // Beyond the last suffix the number grows instead; an exponent has no last one.
  const last = format === 'DecimalExponent' ? Infinity : decimalSuffixes.length - 1;
  for (; mantissa % 1000n === 0n && step < last; step++) mantissa /= 1000n;
  if (format !== 'DecimalExponent') return `${mantissa}${decimalSuffixes[step] ?? ''}`;
  const exponent = step * 3 - 9;
  return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
}

function formatBinary(units: bigint): string {
  let mantissa = units;
  let step = 0;
  for (; mantissa % 1024n === 0n && step < binarySuffixes.length - 1; step++) mantissa /= 1024n;
  return `${mantissa}${binarySuffixes[step] ?? ''}`;
}
