import type { resourcev1 } from '@navarch/api';
import { compareQuantities, formatQuantity, parseQuantity, type Quantity } from '@navarch/apimachinery';

type Requests = Readonly<Record<string, string>>;

/**
 * How much of a device's capacities a request takes; undefined if the device does not have as much at all, or not in such portions.
 * What is not asked for is taken by the device's default, or as a whole (KEP-5075, consumable capacity).
 */
export function consumedCapacity({ capacity = {} }: resourcev1.Device, requests: Requests = {}): Record<string, string> | undefined {
  if (Object.keys(requests).some((name) => capacity[name] === undefined)) return undefined;
  const consumed: Record<string, string> = {};
  for (const [name, offer] of Object.entries(capacity)) {
    const asked = requests[name] ?? offer.requestPolicy?.default;
    const portion = asked === undefined ? parseQuantity(offer.value) : portionFor(parseQuantity(asked), offer.requestPolicy);
    if (portion === undefined || compareQuantities(portion, parseQuantity(offer.value)) > 0) return undefined;
    consumed[name] = formatQuantity(portion);
  }
  return consumed;
}

/** Whether a device that one claim has for itself is large enough. */
export function hasCapacity({ capacity = {} }: resourcev1.Device, requests: Requests = {}): boolean {
  return Object.entries(requests).every(([name, asked]) => {
    const offer = capacity[name];
    return offer !== undefined && compareQuantities(parseQuantity(asked), parseQuantity(offer.value)) <= 0;
  });
}

/** The smallest portion that is allowed and large enough. */
function portionFor(asked: Quantity, { validValues, validRange }: resourcev1.CapacityRequestPolicy = {}): Quantity | undefined {
  if (validValues !== undefined) return validValues.map(parseQuantity).sort(compareQuantities).find((value) => compareQuantities(value, asked) >= 0);
  if (validRange === undefined) return asked;
  const [min, max] = [parseQuantity(validRange.min), validRange.max === undefined ? undefined : parseQuantity(validRange.max)];
  let portion = compareQuantities(asked, min) < 0 ? min : asked;
  if (validRange.step !== undefined) {
    const step = parseQuantity(validRange.step).nanos;
    const over = portion.nanos - min.nanos;
    portion = { ...portion, nanos: min.nanos + ((over + step - 1n) / step) * step };
  }
  return max !== undefined && compareQuantities(portion, max) > 0 ? undefined : portion;
}
