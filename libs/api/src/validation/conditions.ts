import { fieldErrors, type FieldPath, regexMessage } from '@navarch/apimachinery';
import type { metav1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type Findings, nonNegative, qualifiedName, refuse } from './rules';

const statuses = ['False', 'True', 'Unknown'];
/** Most characters of a reason, and of a message. */
const [maxReason, maxMessage] = [1024, 32768];
const reasonPattern = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const reasonMessage = regexMessage(
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  reasonPattern, 'my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB',
);

function validateCondition({ type = '', status = '', observedGeneration, lastTransitionTime, reason = '', message = '' }: Loose<metav1.Condition>, path: FieldPath, found: Findings): void {
  qualifiedName(type, path.child('type'), found);
  if (!statuses.includes(status)) found.push(fieldErrors.notSupported(path.child('status'), status, statuses));
  nonNegative(observedGeneration, path.child('observedGeneration'), found);
  if (!lastTransitionTime) found.push(fieldErrors.required(path.child('lastTransitionTime')));
  const at = path.child('reason');
  if (reason === '') found.push(fieldErrors.required(at));
  else {
    refuse(new RegExp(`^${reasonPattern}$`).test(reason) ? [] : [reasonMessage], reason, at, found);
    if (reason.length > maxReason) found.push(fieldErrors.tooLong(at, maxReason));
  }
  if (message.length > maxMessage) found.push(fieldErrors.tooLong(path.child('message'), maxMessage));
}

/** Conditions of the common form: each type once. Mirrors ValidateConditions of apimachinery's meta/v1. */
export function validateConditions(conditions: readonly Loose<metav1.Condition>[] | undefined, path: FieldPath, found: Findings): void {
  const seen = new Set<string | undefined>();
  list(conditions).forEach((condition, i) => {
    if (seen.has(condition.type)) found.push(fieldErrors.duplicate(path.index(i).child('type'), condition.type ?? ''));
    seen.add(condition.type);
    validateCondition(condition, path.index(i), found);
  });
}
