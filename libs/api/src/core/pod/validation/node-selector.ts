import { fieldErrors, type FieldPath, labelValueMessages } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { dnsSubdomain, type Findings, labelValue, qualifiedName } from '../../../validation/rules';

type Requirement = Loose<corev1.NodeSelectorRequirement>;

function validateExpression({ key = '', operator = '', values }: Requirement, strict: boolean, path: FieldPath, found: Findings): void {
  const count = list(values).length;
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (count === 0) found.push(fieldErrors.required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (count > 0) found.push(fieldErrors.forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      break;
    case 'Gt':
    case 'Lt':
      if (count !== 1) found.push(fieldErrors.required(path.child('values'), "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      break;
    default:
      found.push(fieldErrors.invalid(path.child('operator'), operator, 'not a valid selector operator'));
  }
  qualifiedName(key, path.child('key'), found);
  if (strict) list(values).forEach((value, i) => labelValue(value, path.child('values').index(i), found));
}

function validateFieldExpression({ key = '', operator = '', values }: Requirement, path: FieldPath, found: Findings): void {
  if (operator !== 'In' && operator !== 'NotIn') found.push(fieldErrors.invalid(path.child('operator'), operator, 'not a valid selector operator'));
  else if (list(values).length !== 1)
    found.push(fieldErrors.required(path.child('values'), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  if (key !== 'metadata.name') found.push(fieldErrors.invalid(path.child('key'), key, 'not a valid field selector key'));
  else list(values).forEach((value, i) => dnsSubdomain(value, path.child('values').index(i), found));
}

/** One alternative of a node selector. Where it is only a preference, upstream lets values be that no label has. */
export function validateNodeSelectorTerm(term: Loose<corev1.NodeSelectorTerm>, strict: boolean, path: FieldPath, found: Findings): void {
  list(term.matchExpressions).forEach((requirement, i) => validateExpression(requirement, strict, path.child('matchExpressions').index(i), found));
  list(term.matchFields).forEach((requirement, i) => validateFieldExpression(requirement, path.child('matchFields').index(i), found));
}

const hasBadValue = ({ matchExpressions }: Loose<corev1.NodeSelectorTerm>): boolean => list(matchExpressions).some(({ values }) => list(values).some((value) => labelValueMessages(value).length > 0));

/** `before` is what it replaces, with values that may not have been looked at. */
export function validateNodeSelector(selector: Loose<corev1.NodeSelector>, path: FieldPath, found: Findings, before?: Loose<corev1.NodeSelector>): void {
  const terms = list(selector.nodeSelectorTerms);
  if (terms.length === 0) found.push(fieldErrors.required(path.child('nodeSelectorTerms'), 'must have at least one node selector term'));
  const strict = !list(before?.nodeSelectorTerms).some(hasBadValue);
  terms.forEach((term, i) => validateNodeSelectorTerm(term, strict, path.child('nodeSelectorTerms').index(i), found));
}
