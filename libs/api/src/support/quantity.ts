import { parseQuantity, type Quantity, QuantityError } from '@navarch/apimachinery';

/** Reads a quantity that validation may not have seen yet; undefined for what is none. */
export function readQuantity(text: number | string | undefined): Quantity | undefined {
  if (text === undefined) return undefined;
  try {
    return parseQuantity(text);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}
