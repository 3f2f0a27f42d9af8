import { dns1123SubdomainMessages, type FieldError, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { AuditRule } from './audit-policy';

const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'];
const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'];

/** What is wrong with a policy: a rule that could never hold must not leave requests unnoted in silence (apiserver/pkg/apis/audit/validation). */
export function auditPolicyProblems({ omitStages = [], rules = [] }: { readonly omitStages?: readonly string[]; readonly rules?: readonly AuditRule[] }): FieldError[] {
  return [...stageProblems(omitStages, FieldPath.of('omitStages')), ...rules.flatMap((rule, index) => ruleProblems(rule, FieldPath.of('rules').index(index)))];
}

function ruleProblems({ level, nonResourceURLs = [], resources = [], namespaces = [], omitStages = [] }: AuditRule, path: FieldPath): FieldError[] {
  const urls = path.child('nonResourceURLs');
  return [
    ...levelProblems(level, path.child('level')),
    ...nonResourceURLs.flatMap((url, index) => urlProblems(url, urls.index(index))),
    ...resources.flatMap((one) => resourceProblems(one, path.child('resources'))),
    ...stageProblems(omitStages, path.child('omitStages')),
    ...(nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0) ? [fieldErrors.invalid(urls, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs')] : []),
  ];
}

function levelProblems(level: string | undefined, path: FieldPath): FieldError[] {
  if (level === undefined || level === '') return [fieldErrors.required(path)];
  return LEVELS.includes(level) ? [] : [fieldErrors.notSupported(path, level, LEVELS)];
}

function urlProblems(url: string, path: FieldPath): FieldError[] {
  if (url === '*') return [];
  return [
    ...(url.startsWith('/') ? [] : [fieldErrors.invalid(path, url, "non-resource URL rules must begin with a '/' character")]),
    ...(url.slice(0, -1).includes('*') ? [fieldErrors.invalid(path, url, "non-resource URL wildcards '*' must be the final character of the rule")] : []),
  ];
}

function resourceProblems({ group = '', resources = [], resourceNames = [] }: NonNullable<AuditRule['resources']>[number], path: FieldPath): FieldError[] {
  const wrong = group === '' || group === '*' ? [] : dns1123SubdomainMessages(group);
  return [
    ...(wrong.length > 0 ? [fieldErrors.invalid(path.child('group'), group, wrong.join(','))] : []),
    ...(resourceNames.length > 0 && resources.length === 0 ? [fieldErrors.invalid(path.child('resourceNames'), resourceNames, 'using resourceNames requires at least one resource')] : []),
  ];
}

const stageProblems = (stages: readonly string[], path: FieldPath): FieldError[] =>
  stages.flatMap((stage, index) => (STAGES.includes(stage) ? [] : [fieldErrors.invalid(path.index(index), stage, `allowed stages are ${STAGES.join(',')}`)]));
