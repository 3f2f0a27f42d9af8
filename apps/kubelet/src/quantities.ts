import { compareQuantities, parseQuantity, quantityMilliValue, quantityToMillis, quantityToNumber, quantityValue } from '@navarch/apimachinery';

/** Thousandths, such as millicores; 0 for an absent quantity. */
export function milliValue(quantity: string | undefined): number {
  return quantity === undefined ? 0 : quantityToMillis(parseQuantity(quantity));
}

/** Whole units, such as bytes; 0 for an absent quantity. */
export function wholeValue(quantity: string | undefined): number {
  return quantity === undefined ? 0 : quantityToNumber(parseQuantity(quantity));
}

function quantityIsZero(quantity: string): boolean {
  return parseQuantity(quantity).nanos === 0n;
}

export function sameQuantity(a: string, b: string): boolean {
  return compareQuantities(parseQuantity(a), parseQuantity(b)) === 0;
}

/** How many divisors fit, rounded up, as the downward API shows a resource. */
export function dividedBy(quantity: string, divisor: string | undefined): string {
  const value = parseQuantity(quantity);
  const unit = parseQuantity(divisor === undefined || quantityIsZero(divisor) ? '1' : divisor);
  // Upstream compares thousandths for processor time and whole units for the rest; thousandths are exact for both.
  const a = quantityMilliValue(value);
  const b = quantityMilliValue(unit);
  return b === 0n ? quantityValue(value).toString() : ((a + b - 1n) / b).toString();
}

/** Bytes in the largest binary unit that divides them: `100Mi`. */
export function binaryQuantity(bytes: number): string {
  const units = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];
  let value = Math.floor(bytes);
  let unit = 0;
  while (value !== 0 && value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value}${units[unit] ?? ''}`;
}
