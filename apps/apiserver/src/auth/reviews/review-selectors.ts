import type { authorizationv1 } from '@navarch/api';
import {
  fieldErrors, type FieldError, type FieldPath, type FieldRequirement, FieldSelector, formatRequirement, labelValueMessages, parseFieldSelector,
  parseLabelSelector, validateLabelName,
} from '@navarch/apimachinery';

type Attributes = authorizationv1.ResourceAttributes;
type Given = authorizationv1.FieldSelectorAttributes | authorizationv1.LabelSelectorAttributes;

/** What a review selects by, as requests do; and whether part of it was left out, since it cannot be read. */
export interface ReviewSelectors {
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  readonly errors: readonly string[];
}

interface Read {
  readonly text: string;
  readonly isWhole: boolean;
}

function readRaw(raw: string, parse: (text: string) => unknown): Read {
  try {
    parse(raw);
    return { text: raw, isWhole: true };
  } catch {
    return { text: '', isWhole: false }; // the review tells of it
  }
}

/** A client may name one like what every object has: `constructor`. */
function isOneOf<T extends object>(operators: T, operator: PropertyKey): operator is keyof T {
  return Object.hasOwn(operators, operator);
}

const fieldOperators = { In: '=', NotIn: '!=' } as const;

/** Fields are compared with one value; what cannot be said so is left out, which asks about more. */
function readFields({ rawSelector = '', requirements = [] }: authorizationv1.FieldSelectorAttributes): Read {
  if (requirements.length === 0) return readRaw(rawSelector, parseFieldSelector);
  const known = requirements.flatMap(({ key, operator, values = [] }): FieldRequirement[] => {
    const [value] = values;
    return !isOneOf(fieldOperators, operator) || value === undefined || values.length > 1 ? [] : [{ field: key, operator: fieldOperators[operator], value }];
  });
  return { text: new FieldSelector(known).toString(), isWhole: known.length === requirements.length };
}

const labelOperators = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' } as const;

function readLabels({ rawSelector = '', requirements = [] }: authorizationv1.LabelSelectorAttributes): Read {
  if (requirements.length === 0) return readRaw(rawSelector, parseLabelSelector);
  const known = requirements.flatMap(({ key, operator, values = [] }): string[] => (isOneOf(labelOperators, operator) ? [formatRequirement({ key, operator: labelOperators[operator], values })] : []));
  return { text: known.join(','), isWhole: known.length === requirements.length };
}

/** Reads the selectors of a review. */
export function selectorsOf({ fieldSelector, labelSelector }: Attributes): ReviewSelectors {
  const [fields, labels] = [fieldSelector && readFields(fieldSelector), labelSelector && readLabels(labelSelector)];
  const errors = Object.entries({ fieldSelector: fields, labelSelector: labels }).flatMap(([name, read]) =>
    (read === undefined || read.isWhole ? [] : [`spec.resourceAttributes.${name} ${read.text === '' ? '' : 'partially '}ignored due to parse error`]));
  const said = (text = ''): boolean => text !== '';
  return { ...(said(fields?.text) ? { fieldSelector: fields?.text ?? '' } : {}), ...(said(labels?.text) ? { labelSelector: labels?.text ?? '' } : {}), errors };
}

/** Operators that a newer client knows are no fault. */
function requirementErrors(operator: string, values: readonly string[], path: FieldPath): FieldError[] {
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) return [fieldErrors.required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'")];
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    return [fieldErrors.forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
  }
  return [];
}

function givenErrors({ rawSelector = '', requirements = [] }: Given, path: FieldPath): FieldError[] {
  if (rawSelector !== '' && requirements.length > 0) return [fieldErrors.invalid(path.child('rawSelector'), rawSelector, 'may not specified at the same time as requirements')];
  if (rawSelector === '' && requirements.length === 0) return [fieldErrors.required(path.child('requirements'), `when ${path.toString()} is specified, requirements or rawSelector is required`)];
  return [];
}

/** Broken rules of a review's selectors. */
export function selectorErrors({ fieldSelector, labelSelector }: Attributes, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const [ofFields, ofLabels] = [path.child('fieldSelector'), path.child('labelSelector')];
  if (fieldSelector) errors.push(...givenErrors(fieldSelector, ofFields));
  for (const [i, { key, operator, values = [] }] of (fieldSelector?.requirements ?? []).entries()) {
    const at = ofFields.child('requirements').index(i);
    if (key === '') errors.push(fieldErrors.required(at.child('key'), 'must be specified'));
    errors.push(...requirementErrors(operator, values, at));
  }
  if (labelSelector) errors.push(...givenErrors(labelSelector, ofLabels));
  for (const [i, { key, operator, values = [] }] of (labelSelector?.requirements ?? []).entries()) {
    const at = ofLabels.child('requirements').index(i);
    errors.push(...requirementErrors(operator, values, at), ...validateLabelName(key, at.child('key')));
    errors.push(...values.flatMap((value, j) => labelValueMessages(value).map((message) => fieldErrors.invalid(at.child('values').index(j), value, message))));
  }
  return errors;
}
