import { caBundleProblem } from '@navarch/api';
import type { CustomResourceDefinition, DefinitionCondition, DefinitionNames } from './types';

// Mirrors staging/src/k8s.io/apiextensions-apiserver/pkg/controller/{status,establish,apiapproval}.

type Outcome = Pick<DefinitionCondition, 'message' | 'reason' | 'status' | 'type'>;

/** Conditions with some of them set; a transition is when the status changes. */
export function withConditions(conditions: readonly DefinitionCondition[], outcomes: readonly Outcome[], now: string, observedGeneration: number | undefined): DefinitionCondition[] {
  const result = [...conditions];
  for (const outcome of outcomes) {
    const at = result.findIndex(({ type }) => type === outcome.type);
    const before = result[at];
    const lastTransitionTime = before?.status === outcome.status ? (before.lastTransitionTime ?? now) : now;
    const unchanged = before !== undefined && before.reason === outcome.reason && before.message === outcome.message && before.status === outcome.status;
    const condition = unchanged ? before : { lastTransitionTime, ...outcome, ...(observedGeneration === undefined ? {} : { observedGeneration }) };
    if (at < 0) result.push(condition);
    else result[at] = condition;
  }
  return result;
}

/** Names in use by the other definitions of a group. */
interface Taken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

function takenBy(others: readonly CustomResourceDefinition[]): Taken {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { status } of others) {
    const { plural = '', singular = '', shortNames = [], kind = '', listKind = '' } = status?.acceptedNames ?? ({} as Partial<DefinitionNames>);
    for (const name of [plural, singular, ...shortNames]) if (name !== '') resources.add(name);
    for (const name of [kind, listKind]) if (name !== '') kinds.add(name);
  }
  return { resources, kinds };
}

const NONE: DefinitionNames = { plural: '', kind: '' };

/** Which names a definition may use, and what stands in the way of others: the last conflict, as upstream. */
function accept({ spec: { names }, status }: CustomResourceDefinition, { resources, kinds }: Taken): { readonly names: DefinitionNames; readonly outcome: Outcome } {
  const before = status?.acceptedNames ?? NONE;
  const accepted: DefinitionNames = { ...before };
  let outcome: Outcome = { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
  const conflict = (reason: string, name: string): void => {
    outcome = { type: 'NamesAccepted', status: 'False', reason, message: `${JSON.stringify(name)} is already in use` };
  };
  if (resources.has(names.plural)) conflict('PluralConflict', names.plural);
  else accepted.plural = names.plural;
  if (names.singular && resources.has(names.singular)) conflict('SingularConflict', names.singular);
  else if (names.singular) accepted.singular = names.singular;
  const clash = names.shortNames?.find((name) => resources.has(name));
  if (clash !== undefined) conflict('ShortNamesConflict', clash);
  else setOrDrop(accepted, 'shortNames', names.shortNames);
  if (kinds.has(names.kind)) conflict('KindConflict', names.kind);
  else accepted.kind = names.kind;
  if (names.listKind && kinds.has(names.listKind)) conflict('ListKindConflict', names.listKind);
  else if (names.listKind) accepted.listKind = names.listKind;
  setOrDrop(accepted, 'categories', names.categories);
  return { names: accepted, outcome };
}

function setOrDrop(names: DefinitionNames, field: 'categories' | 'shortNames', value: string[] | undefined): void {
  if (value) names[field] = value;
  else delete names[field];
}

const APPROVAL = 'api-approved.kubernetes.io';
const isProtected = (group: string): boolean => /(^|\.)(k8s|kubernetes)\.io$/.test(group);

function approval({ metadata, spec }: CustomResourceDefinition): readonly Outcome[] {
  if (!isProtected(spec.group)) return [];
  const text = metadata.annotations?.[APPROVAL] ?? '';
  const type = 'KubernetesAPIApprovalPolicyConformant';
  if (text.startsWith('unapproved')) return [{ type, status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(text)}` }];
  if (URL.canParse(text)) return [{ type, status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${text}` }];
  return [
    {
      type,
      status: 'False',
      reason: text === '' ? 'MissingAnnotation' : 'InvalidAnnotation',
      message: `protected groups must have approval annotation ${JSON.stringify(APPROVAL)}, see https://github.com/kubernetes/enhancements/pull/1111`,
    },
  ];
}

function establish({ spec }: CustomResourceDefinition, accepted: boolean): Outcome {
  const type = 'Established';
  if (!accepted) return { type, status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  if (caBundleProblem(spec.conversion?.webhook?.clientConfig?.caBundle) !== undefined) {
    return { type, status: 'False', reason: 'InvalidCABundle', message: 'The conversion webhook CABundle is invalid' };
  }
  return { type, status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' };
}

/** The status a definition should have, given the others; the same object when it has it already. */
export function settleStatus(definition: CustomResourceDefinition, all: readonly CustomResourceDefinition[], now: string): CustomResourceDefinition {
  const { spec, status = {}, metadata } = definition;
  const others = all.filter((other) => other.spec.group === spec.group && other.metadata.name !== metadata.name);
  const { names, outcome } = accept(definition, takenBy(others));
  const before = status.conditions ?? [];
  const established = before.some(({ type, status: value }) => type === 'Established' && value === 'True');
  const establishment = established ? [] : [establish(definition, outcome.status === 'True')];
  const conditions = withConditions(before, [outcome, ...establishment, ...approval(definition)], now, metadata.generation);
  const settled = { ...status, acceptedNames: names, conditions };
  return JSON.stringify(settled) === JSON.stringify({ ...status }) ? definition : { ...definition, status: settled };
}
