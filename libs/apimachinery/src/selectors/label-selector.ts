import { badRequest } from '../errors';
import { aggregateMessages, fieldErrors, type FieldError } from '../validation/field-error';
import { type FieldPath } from '../validation/field-path';
import { labelValueMessages, validateLabelName, validateLabels } from '../validation/labels';
import { goQuote } from '../text/go-quote';
import { checkRequirement } from './check-requirement';
import { type LabelOperator, type LabelRequirement, type Labels } from './label-requirement';
import { Selector } from './selector';

/** `metav1.LabelSelectorRequirement`. */
export interface LabelSelectorRequirement {
  key: string;
  operator: string;
  values?: string[];
}

/** `metav1.LabelSelector`, as objects carry it. */
export interface LabelSelector {
  matchExpressions?: LabelSelectorRequirement[];
  matchLabels?: Record<string, string>;
}

const operators = new Map<string, LabelOperator>([['In', 'in'], ['NotIn', 'notin'], ['Exists', 'exists'], ['DoesNotExist', '!']]);

/**
 * Compiles a LabelSelector object: a missing one selects nothing, an empty one everything.
 * @throws ApiError BadRequest for what validation would have refused
 */
export function compileLabelSelector(selector: LabelSelector | null | undefined): Selector {
  if (!selector) return Selector.nothing;
  const requirements: LabelRequirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] }));
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = operators.get(operator);
    if (known === undefined) throw badRequest(`${goQuote(operator)} is not a valid label selector operator`);
    requirements.push({ key, operator: known, values: values ?? [] });
  }
  const errors = requirements.flatMap(checkRequirement);
  if (errors.length > 0) throw badRequest(aggregateMessages(errors.map((error) => error.message)));
  return Selector.of(requirements);
}

// Objects in caches live long and are matched often; a selector is compiled once for each.
const compiled = new WeakMap<LabelSelector, Selector>();

/** Whether a LabelSelector object matches. The selector must not change afterwards. */
export function matchesLabelSelector(selector: LabelSelector | null | undefined, labels: Labels): boolean {
  if (!selector) return false;
  let found = compiled.get(selector);
  if (!found) compiled.set(selector, (found = compileLabelSelector(selector)));
  return found.matches(labels);
}

/** The text of a LabelSelector object, as `kubectl` prints it. */
export function formatLabelSelector(selector: LabelSelector | null | undefined): string {
  if (!selector) return '<none>';
  const text = compileLabelSelector(selector).toString();
  return text === '' ? '<none>' : text;
}

/** Broken rules of a LabelSelector in an object. `anyValues`: its expressions may name values that no label can have. */
export function validateLabelSelector(selector: LabelSelector | null | undefined, path: FieldPath, { anyValues = false }: { readonly anyValues?: boolean } = {}): FieldError[] {
  if (!selector) return [];
  const errors = validateLabels(selector.matchLabels, path.child('matchLabels'));
  selector.matchExpressions?.forEach((requirement, i) => errors.push(...validateRequirement(requirement, anyValues, path.child('matchExpressions').index(i))));
  return errors;
}

function validateRequirement({ key, operator, values = [] }: LabelSelectorRequirement, anyValues: boolean, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(fieldErrors.required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) errors.push(fieldErrors.forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else errors.push(fieldErrors.invalid(path.child('operator'), operator, 'not a valid selector operator'));
  errors.push(...validateLabelName(key, path.child('key')));
  if (anyValues) return errors;
  values.forEach((value, i) => {
    for (const message of labelValueMessages(value)) errors.push(fieldErrors.invalid(path.child('values').index(i), value, message));
  });
  return errors;
}
