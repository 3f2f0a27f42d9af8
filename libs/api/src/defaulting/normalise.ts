import { formatQuantity, roundUpQuantity } from '@navarch/apimachinery';
import { readQuantity } from '../support/quantity';
import { type FieldPlan, type ScalarForm, type TypePlan, type ValuePlan } from './shape-plan';

const thousandth = -3;

/** The usual amounts as the API writes them: nothing of so few digits has a shorter form, or is too fine or too large. */
const canonicalQuantity = /^(?:0|[1-9]\d{0,2}(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?)$/;

function quantityText(value: unknown, resourceList: boolean): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  if (typeof value === 'string' && canonicalQuantity.test(value)) return value;
  const quantity = readQuantity(value);
  if (quantity === undefined) return value;
  return formatQuantity(resourceList ? roundUpQuantity(quantity, thousandth) : quantity);
}

const plainTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const plainMicroTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const anyTime = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Times in UTC: to the second, or to the microsecond. What is no time is left for others to refuse. */
function timeText(value: unknown, digits: 0 | 6): unknown {
  if (typeof value !== 'string' || (digits === 0 ? plainTime : plainMicroTime).test(value)) return value;
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

const isEmpty = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.length === 0;
  for (const key in value as object) if (Object.hasOwn(value as object, key)) return false;
  return true;
};

function saysNothing(value: unknown, { dropZero, dropEmpty }: FieldPlan): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === 'object') return dropEmpty && isEmpty(value);
  return dropZero && (value === '' || value === 0 || value === false);
}

function normaliseValue(value: unknown, plan: ValuePlan, resourceList = false): unknown {
  const { type, items, values } = plan;
  if (type?.form !== undefined) return scalar(value, type.form, resourceList);
  if (typeof value !== 'object' || value === null) return value;
  if (type !== undefined) normalise(value, type);
  else if (items !== undefined && Array.isArray(value)) {
    const elements: unknown[] = value;
    for (let i = 0; i < elements.length; i++) {
      const normalised = normaliseValue(elements[i], items);
      if (normalised !== elements[i]) elements[i] = normalised;
    }
  } else if (values !== undefined) {
    const map = value as Record<string, unknown>;
    for (const key of Object.keys(map)) {
      const normalised = normaliseValue(map[key], values, plan.resourceList);
      if (normalised !== map[key]) map[key] = normalised;
    }
  }
  return value;
}

/**
 * Writes an object as a round trip through upstream's Go types would: without what says the same as absence (null, zero
 * scalars, empty lists), with structs that Go writes even when they are empty, quantities in canonical form (`1000m` is `1`), times in UTC. Changes the object.
 */
export function normalise(object: object, plan: TypePlan): void {
  const record = object as Record<string, unknown>;
  for (const name in record) {
    const field = plan.fields.get(name);
    if (field === undefined) continue;
    const value = record[name];
    if (saysNothing(value, field)) delete record[name];
    else {
      const normalised = normaliseValue(value, field);
      if (normalised !== value) record[name] = normalised;
    }
  }
  for (const [name, zero] of plan.always) record[name] ??= zero;
  for (const [name, type] of plan.structs) {
    if (record[name] !== undefined) continue;
    const empty = {};
    normalise(empty, type);
    record[name] = empty;
  }
}
