import { nanosPerUnit, type Quantity, type QuantityFormat } from './quantity';

// Mirrors ParseQuantity in staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go.

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixWrong = "unable to parse quantity's suffix";
const numericWrong = 'unable to parse numeric part of quantity';

/** Larger amounts with more digits than 64 bits hold are capped, as upstream does. */
const cap = (2n ** 63n - 1n) * nanosPerUnit;

/** Digits that upstream keeps exactly without the cap. */
const exactDigits = 18;

const decimalSuffixes: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binarySuffixes: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/** Text that is no quantity; the message is upstream's. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

/**
 * Reads a quantity as JSON has it: its text, with space around it or not, or the number that the API accepts in its place.
 * @throws QuantityError
 */
export const parseQuantity = (json: bigint | number | string): Quantity => parseQuantityText(String(json).trim());

/** What texts stand for: a cluster says the same few amounts over and over, and each is read many times on the way of one pod. */
const known = new Map<string, Quantity>();
/** When there are so many, or one is so long, they are not the same few. */
const mostKnown = 2000;
const longestKnown = 24;

/** Reads a quantity from its text and nothing else. @throws QuantityError */
export function parseQuantityText(text: string): Quantity {
  const found = known.get(text);
  if (found !== undefined) return found;
  const quantity = interpreted(text);
  if (text.length > longestKnown) return quantity;
  if (known.size >= mostKnown) known.clear();
  known.set(text, quantity);
  return quantity;
}

function interpreted(text: string): Quantity {
  const { sign, whole, fraction, suffix } = split(text);
  const { base, exponent, format } = interpret(suffix);
  const digits = whole + fraction;
  if (digits === '') throw new QuantityError(numericWrong);
  const mantissa = BigInt(digits);
  if (mantissa === 0n) return { nanos: 0n, format };

  const scale = (base === 10 ? exponent : 0) - fraction.length + 9;
  // An amount this large or small is beyond the cap or below one nano, whatever its digits.
  if (scale > 400) return { nanos: sign * cap, format };
  if (scale < -digits.length) return { nanos: sign, format: format === 'BinarySI' ? 'DecimalSI' : format };

  const factor = base === 2 ? 2n ** BigInt(exponent) : 1n;
  let nanos = scaleUp(mantissa * factor, scale);
  const fast = base === 10 ? digits.length <= exactDigits && scale >= 0 : false;
  if (!fast && nanos > cap) nanos = cap;
  return { nanos: sign * nanos, format: format === 'BinarySI' && nanos < nanosPerUnit ? 'DecimalSI' : format };
}

function split(text: string): { sign: bigint; whole: string; fraction: string; suffix: string } {
  if (text === '') throw new QuantityError(formatWrong);
  const match = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/.exec(text);
  if (!match) throw new QuantityError(formatWrong);
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  return { sign: sign === '-' ? -1n : 1n, whole: whole.replace(/^0+(?=.)/, ''), fraction, suffix };
}

function interpret(suffix: string): { base: 2 | 10; exponent: number; format: QuantityFormat } {
  const binary = binarySuffixes[suffix];
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'BinarySI' };
  const decimal = decimalSuffixes[suffix];
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' };
  if (/^[eE][-+]?[0-9]+$/.test(suffix)) return { base: 10, exponent: Number(suffix.slice(1)), format: 'DecimalExponent' };
  throw new QuantityError(suffixWrong);
}

/** Multiplies by a power of ten; what is lost below one is rounded up, so that a little never becomes nothing. */
function scaleUp(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}
