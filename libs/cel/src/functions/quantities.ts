import { addQuantities, compareQuantities, parseQuantityText, type Quantity, QuantityError, quantityOf, quantityValue, subtractQuantities } from '@navarch/apimachinery';
import { EvalError } from '../values/eval-error';
import type { OpaqueValue } from '../values/value';
import { overload, type Overload, stringCost } from './overload';

const NANOS = 1_000_000_000n;

class QuantityValue implements OpaqueValue {
  readonly opaque = 'kubernetes.Quantity';

  constructor(readonly quantity: Quantity) {}

  equals(other: OpaqueValue): boolean {
    return other instanceof QuantityValue && compareQuantities(this.quantity, other.quantity) === 0;
  }
}

function parse(text: string): QuantityValue {
  try {
    return new QuantityValue(parseQuantityText(text));
  } catch (error) {
    if (error instanceof QuantityError) throw new EvalError(error.message);
    throw error;
  }
}

function isQuantity(text: string): boolean {
  try {
    parseQuantityText(text);
    return true;
  } catch (error) {
    if (error instanceof QuantityError) return false;
    throw error;
  }
}

const isInteger = ({ quantity }: QuantityValue): boolean => quantity.nanos % NANOS === 0n && quantityValue(quantity) < 2n ** 63n && quantityValue(quantity) >= -(2n ** 63n);

function asInteger(value: QuantityValue): bigint {
  if (!isInteger(value)) throw new EvalError('cannot convert value to integer');
  return quantityValue(value.quantity);
}

const compare = (a: QuantityValue, b: QuantityValue): number => compareQuantities(a.quantity, b.quantity);
const parsing = { cost: (size: number): number => Math.max(1, stringCost(size)) };

export const quantities: readonly Overload[] = [
  overload('quantity(string): kubernetes.Quantity', parse, parsing),
  overload('isQuantity(string): bool', isQuantity, parsing),
  overload('kubernetes.Quantity -> sign(): int', ({ quantity }: QuantityValue) => (quantity.nanos > 0n ? 1n : quantity.nanos < 0n ? -1n : 0n)),
  overload('kubernetes.Quantity -> isGreaterThan(kubernetes.Quantity): bool', (a: QuantityValue, b: QuantityValue) => compare(a, b) > 0),
  overload('kubernetes.Quantity -> isLessThan(kubernetes.Quantity): bool', (a: QuantityValue, b: QuantityValue) => compare(a, b) < 0),
  overload('kubernetes.Quantity -> compareTo(kubernetes.Quantity): int', (a: QuantityValue, b: QuantityValue) => BigInt(compare(a, b))),
  overload('kubernetes.Quantity -> asApproximateFloat(): double', ({ quantity }: QuantityValue) => Number(quantity.nanos) / 1e9),
  overload('kubernetes.Quantity -> asInteger(): int', asInteger),
  overload('kubernetes.Quantity -> isInteger(): bool', isInteger),
  overload('kubernetes.Quantity -> add(kubernetes.Quantity): kubernetes.Quantity', (a: QuantityValue, b: QuantityValue) => new QuantityValue(addQuantities(a.quantity, b.quantity))),
  overload('kubernetes.Quantity -> add(int): kubernetes.Quantity', (a: QuantityValue, b: bigint) => new QuantityValue(addQuantities(a.quantity, quantityOf(b)))),
  overload('kubernetes.Quantity -> sub(kubernetes.Quantity): kubernetes.Quantity', (a: QuantityValue, b: QuantityValue) => new QuantityValue(subtractQuantities(a.quantity, b.quantity))),
  overload('kubernetes.Quantity -> sub(int): kubernetes.Quantity', (a: QuantityValue, b: bigint) => new QuantityValue(subtractQuantities(a.quantity, quantityOf(b)))),
];
