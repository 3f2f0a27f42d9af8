import { type FieldPath, formatQuantity } from '@navarch/apimachinery';
import { type Loose } from '../support/loose';
import { readQuantity } from '../support/quantity';

/** Of amounts that are counted in bytes: part of one is none. Upstream looks at thousandths, so finer parts pass. */
export function fractionWarnings(amounts: Loose<Record<string, string>> | undefined, names: readonly string[], path: FieldPath): string[] {
  if (!amounts) return [];
  const found: string[] = [];
  for (const name of names) {
    const quantity = readQuantity(amounts[name]);
    if (quantity !== undefined && quantity.nanos % 1_000_000_000n !== 0n)
      found.push(`${path.key(name).toString()}: fractional byte value ${JSON.stringify(formatQuantity(quantity))} is invalid, must be an integer`);
  }
  return found;
}
