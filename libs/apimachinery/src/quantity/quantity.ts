/** How a quantity is written: `500m`, `1Gi` or `1e3`. */
export type QuantityFormat = 'BinarySI' | 'DecimalExponent' | 'DecimalSI';

/** An exact amount. Immutable; the unit is 10⁻⁹, the finest that the API keeps. */
export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

/** Nanos of one whole unit. */
export const nanosPerUnit = 1_000_000_000n;

/** Zero; an addition takes on the format of the other operand. */
export const zeroQuantity: Quantity = { nanos: 0n, format: 'DecimalSI' };

/** A whole number of units, such as bytes or pods. */
export function quantityOf(units: bigint | number, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { nanos: BigInt(units) * nanosPerUnit, format };
}

/** Thousandths, such as millicores. */
export function quantityOfMillis(millis: bigint | number, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { nanos: BigInt(millis) * 1_000_000n, format };
}

export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

export function multiplyQuantity(a: Quantity, factor: bigint | number): Quantity {
  return { nanos: a.nanos * BigInt(factor), format: a.format };
}

/** Negative, zero or positive; the format does not matter. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** Whole units, rounded away from zero as upstream's Value(). */
export function quantityValue(quantity: Quantity): bigint {
  return divideAwayFromZero(quantity.nanos, nanosPerUnit);
}

/** Thousandths, rounded away from zero as upstream's MilliValue(). */
export function quantityMilliValue(quantity: Quantity): bigint {
  return divideAwayFromZero(quantity.nanos, 1_000_000n);
}

/** Whole units as a number, for bytes and counts; beyond 2⁵³ the nearest double. */
export function quantityToNumber(quantity: Quantity): number {
  return Number(quantityValue(quantity));
}

/** Thousandths as a number, for processor time. */
export function quantityToMillis(quantity: Quantity): number {
  return Number(quantityMilliValue(quantity));
}

/** Rounds up to a multiple of 10^scale: upstream does it with scale -3 to every amount in a resource list. */
export function roundUpQuantity(quantity: Quantity, scale: number): Quantity {
  const unit = 10n ** BigInt(scale + 9);
  return { nanos: divideAwayFromZero(quantity.nanos, unit) * unit, format: quantity.format };
}

function divideAwayFromZero(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  if (quotient * divisor === dividend) return quotient;
  return dividend > 0n ? quotient + 1n : quotient - 1n;
}
