import { formatQuantity, roundUpQuantity } from '@navarch/apimachinery';
import { readQuantity } from '../support/quantity';
import { type ScalarForm, type ScalarPlan } from './scalar-plan';

const thousandth = -3;

function quantityText(value: unknown, resourceList: boolean): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  const quantity = readQuantity(value);
  if (quantity === undefined) return value;
  return formatQuantity(resourceList ? roundUpQuantity(quantity, thousandth) : quantity);
}

const plainTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const anyTime = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Times in UTC: to the second, or to the microsecond. What is no time is left for the decoder or validation to refuse. */
function timeText(value: unknown, digits: 0 | 6): unknown {
  if (typeof value !== 'string' || (digits === 0 && plainTime.test(value))) return value;
  const [, seconds, fraction = '', zone = ''] = anyTime.exec(value) ?? [];
  if (seconds === undefined) return value;
  const milliseconds = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(milliseconds)) return value;
  const utc = new Date(milliseconds).toISOString().slice(0, 19);
  return digits === 0 ? `${utc}Z` : `${utc}.${fraction.slice(1, 7).padEnd(6, '0')}Z`;
}

function scalar(value: unknown, form: ScalarForm, resourceList: boolean): unknown {
  switch (form) {
    case 'quantity':
      return quantityText(value, resourceList);
    case 'time':
      return timeText(value, 0);
    case 'micro-time':
      return timeText(value, 6);
  }
}

function normalised(value: unknown, plan: ScalarPlan, resourceList: boolean): unknown {
  if (plan.form !== undefined) return scalar(value, plan.form, resourceList);
  normaliseScalars(value, plan);
  return value;
}

/** Writes quantities and times in the API's form: `1000m` becomes `1`, a time with a zone becomes UTC. Changes the object. */
export function normaliseScalars(object: unknown, plan: ScalarPlan): void {
  if (typeof object !== 'object' || object === null) return;
  const record = object as Record<string, unknown>;
  for (const [name, inner] of plan.fields ?? [])
    if (record[name] !== undefined && record[name] !== null) record[name] = normalised(record[name], inner, false);
  if (plan.items !== undefined && Array.isArray(object)) {
    const items: unknown[] = object;
    for (let i = 0; i < items.length; i++) items[i] = normalised(items[i], plan.items, false);
  }
  if (plan.values !== undefined) for (const key of Object.keys(record)) record[key] = normalised(record[key], plan.values, plan.resourceList ?? false);
}
