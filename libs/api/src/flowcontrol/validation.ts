import { dns1123LabelMessages, dns1123SubdomainMessages, fieldErrors, FieldPath } from '@navarch/apimachinery';
import type { flowcontrolv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { type ContentRules, contentRules } from '../validation/kind-validation';
import { type Findings, present, refuse, sorted } from '../validation/rules';

type Level = Loose<flowcontrolv1.PriorityLevelConfiguration>;
type Schema = Loose<flowcontrolv1.FlowSchema>;
type Rule = Loose<flowcontrolv1.PolicyRulesWithSubjects>;

const specPath = FieldPath.of('spec');
const maxPrecedence = 10_000;
const maxQueues = 10_000_000;
/** Bits of a request's hash that the dealing of a hand uses up. */
const maxEntropyBits = 60;
const verbs = sorted(['get', 'list', 'create', 'update', 'delete', 'deletecollection', 'patch', 'watch', 'proxy', '*']);

/** A list that says something; everything, if it is there, stands alone. */
function allOrSome(values: readonly string[] | undefined, what: { readonly empty: string; readonly others: string }, path: FieldPath, found: Findings): void {
  const all = list(values);
  if (all.length === 0) found.push(fieldErrors.required(path, what.empty));
  else if (all.length > 1 && all.includes('*')) found.push(fieldErrors.invalid(path, all, `if '*' is present, must not specify other ${what.others}`));
}

function validateVerbs(given: readonly string[] | undefined, path: FieldPath, found: Findings): void {
  allOrSome(given, { empty: 'verbs must contain at least one value', others: 'verbs' }, path, found);
  if (list(given).some((verb) => !verbs.includes(verb))) found.push(fieldErrors.notSupported(path, given, verbs));
}

function validateSubject(subject: Loose<flowcontrolv1.Subject>, path: FieldPath, found: Findings): void {
  const { kind = '' } = subject;
  const members = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;
  if (!(kind === 'ServiceAccount' || kind === 'User' || kind === 'Group')) {
    found.push(fieldErrors.notSupported(path.child('kind'), kind, sorted(Object.keys(members))));
    return;
  }
  for (const [other, field] of Object.entries(members)) {
    if (other !== kind && subject[field]) found.push(fieldErrors.forbidden(path.child(field), `${field} is forbidden when subject kind is not '${other}'`));
    if (other === kind && !subject[field]) found.push(fieldErrors.required(path.child(field), `${field} is required when subject kind is '${kind}'`));
  }
  if (subject.user) present(subject.user.name, path.child('user', 'name'), found);
  if (subject.group) present(subject.group.name, path.child('group', 'name'), found);
  if (!subject.serviceAccount) return;
  const { name = '', namespace = '' } = subject.serviceAccount;
  const at = path.child('serviceAccount');
  if (present(name, at.child('name'), found) && name !== '*') refuse(dns1123SubdomainMessages(name), name, at.child('name'), found);
  if (present(namespace, at.child('namespace'), found, 'must specify namespace for service account')) refuse(dns1123LabelMessages(namespace), namespace, at.child('namespace'), found);
}

function validateResourceRule(rule: Loose<flowcontrolv1.ResourcePolicyRule>, path: FieldPath, found: Findings): void {
  validateVerbs(rule.verbs, path.child('verbs'), found);
  allOrSome(rule.apiGroups, { empty: 'resource rules must supply at least one api group', others: 'api groups' }, path.child('apiGroups'), found);
  allOrSome(rule.resources, { empty: 'resource rules must supply at least one resource', others: 'resources' }, path.child('resources'), found);
  const namespaces = list(rule.namespaces);
  const at = path.child('namespaces');
  if (namespaces.length === 0 && !rule.clusterScope) found.push(fieldErrors.required(at, 'resource rules that are not cluster scoped must supply at least one namespace'));
  else if (namespaces.length > 1 && namespaces.includes('*')) found.push(fieldErrors.invalid(at, namespaces, "if '*' is present, must not specify other namespaces"));
  else namespaces.forEach((namespace, i) => namespace !== '*' && refuse(dns1123LabelMessages(namespace), namespace, at.index(i), found));
}

function validateUrls(urls: readonly string[] | undefined, path: FieldPath, found: Findings): void {
  allOrSome(urls, { empty: 'nonResourceURLs must contain at least one value', others: 'non-resource URLs' }, path, found);
  list(urls).forEach((url, i) => {
    if (url === '*') return;
    if (!url.startsWith('/')) found.push(fieldErrors.invalid(path.index(i), url, "must start with slash"));
    if (url.includes(' ')) found.push(fieldErrors.invalid(path.index(i), url, 'must not contain white-space'));
    if (url.includes('//')) found.push(fieldErrors.invalid(path.index(i), url, 'must not contain double slash'));
    const star = url.indexOf('*');
    if (star >= 0 && (star < url.length - 1 || url.at(-2) !== '/')) found.push(fieldErrors.invalid(path.index(i), url, 'wildcard can only do suffix matching'));
  });
}

function validateRule(rule: Rule, path: FieldPath, found: Findings): void {
  const subjects = list(rule.subjects);
  if (subjects.length === 0) found.push(fieldErrors.required(path.child('subjects'), 'subjects must contain at least one value'));
  subjects.forEach((subject, i) => validateSubject(subject, path.child('subjects').index(i), found));
  if (list(rule.resourceRules).length === 0 && list(rule.nonResourceRules).length === 0)
    found.push(fieldErrors.required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  list(rule.resourceRules).forEach((one, i) => validateResourceRule(one, path.child('resourceRules').index(i), found));
  list(rule.nonResourceRules).forEach((one, i) => {
    const at = path.child('nonResourceRules').index(i);
    validateVerbs(one.verbs, at.child('verbs'), found);
    validateUrls(one.nonResourceURLs, at.child('nonResourceURLs'), found);
  });
}

function schemaContent({ metadata, spec = {} }: Schema): Findings {
  const found: Findings = [];
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration } = spec;
  const path = specPath.child('matchingPrecedence');
  if (matchingPrecedence <= 0) found.push(fieldErrors.invalid(path, matchingPrecedence, 'must be a positive value'));
  if (matchingPrecedence > maxPrecedence) found.push(fieldErrors.invalid(path, matchingPrecedence, `must not be greater than ${maxPrecedence}`));
  if (matchingPrecedence === 1 && metadata?.name !== 'exempt') found.push(fieldErrors.invalid(path, matchingPrecedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
  if (distinguisherMethod && distinguisherMethod.type !== 'ByUser' && distinguisherMethod.type !== 'ByNamespace')
    found.push(fieldErrors.notSupported(specPath.child('distinguisherMethod'), distinguisherMethod, ['ByNamespace', 'ByUser']));
  const level = priorityLevelConfiguration?.name ?? '';
  const at = specPath.child('priorityLevelConfiguration', 'name');
  if (present(level, at, found, 'must reference a priority level')) refuse(dns1123SubdomainMessages(level), level, at, found);
  list(spec.rules).forEach((rule, i) => validateRule(rule, specPath.child('rules').index(i), found));
  return found;
}

function positiveWithin(value: number | undefined, path: FieldPath, found: Findings): number {
  if ((value ?? 0) <= 0) found.push(fieldErrors.invalid(path, value ?? 0, 'must be positive'));
  return value ?? 0;
}

function validateQueuing(queuing: Loose<flowcontrolv1.QueuingConfiguration>, path: FieldPath, found: Findings): void {
  positiveWithin(queuing.queueLengthLimit, path.child('queueLengthLimit'), found);
  const queues = positiveWithin(queuing.queues, path.child('queues'), found);
  const hand = positiveWithin(queuing.handSize, path.child('handSize'), found);
  if (hand > queues) found.push(fieldErrors.invalid(path.child('handSize'), hand, `should not be greater than queues (${queues})`));
  else if (queues > 0 && hand > 0) {
    let bits = 0;
    for (let i = 0; i < hand; i++) bits += Math.log2(queues - i);
    if (Math.ceil(bits) > maxEntropyBits)
      found.push(fieldErrors.invalid(path.child('handSize'), hand, `required entropy bits of deckSize ${queues} and handSize ${hand} should not be greater than ${maxEntropyBits}`));
  }
  if (queues > maxQueues) found.push(fieldErrors.invalid(path.child('queues'), queues, `must not be greater than ${maxQueues}`));
}

function validateLimited(limited: Loose<flowcontrolv1.LimitedPriorityLevelConfiguration>, path: FieldPath, found: Findings): void {
  const { nominalConcurrencyShares = 0, limitResponse = {}, lendablePercent, borrowingLimitPercent } = limited;
  if (nominalConcurrencyShares < 0) found.push(fieldErrors.invalid(path.child('nominalConcurrencyShares'), nominalConcurrencyShares, 'must be a non-negative integer'));
  const at = path.child('limitResponse');
  if (limitResponse.type === 'Reject') {
    if (limitResponse.queuing) found.push(fieldErrors.forbidden(at.child('queuing'), 'must be nil if limited.limitResponse.type is not Limited'));
  } else if (limitResponse.type === 'Queue') {
    if (!limitResponse.queuing) found.push(fieldErrors.required(at.child('queuing'), 'must not be empty if limited.limitResponse.type is Limited'));
    else validateQueuing(limitResponse.queuing, at.child('queuing'), found);
  } else found.push(fieldErrors.notSupported(at.child('type'), limitResponse.type ?? '', ['Queue', 'Reject']));
  if (lendablePercent !== undefined && (lendablePercent < 0 || lendablePercent > 100))
    found.push(fieldErrors.invalid(path.child('lendablePercent'), lendablePercent, 'must be between 0 and 100, inclusive'));
  if (borrowingLimitPercent !== undefined && borrowingLimitPercent < 0)
    found.push(fieldErrors.invalid(path.child('borrowingLimitPercent'), borrowingLimitPercent, 'if specified, must be a non-negative integer'));
}

function levelContent({ metadata, spec = {} }: Level): Findings {
  const found: Findings = [];
  const { type = '', limited, exempt } = spec;
  if ((metadata?.name === 'exempt') !== (type === 'Exempt')) found.push(fieldErrors.invalid(specPath.child('type'), type, "type must be 'Exempt' if and only if name is 'exempt'"));
  if (type === 'Exempt') {
    if (limited) found.push(fieldErrors.forbidden(specPath.child('limited'), 'must be nil if the type is not Limited'));
  } else if (type === 'Limited') {
    if (exempt) found.push(fieldErrors.forbidden(specPath.child('exempt'), 'must be nil if the type is Limited'));
    if (!limited) found.push(fieldErrors.required(specPath.child('limited'), 'must not be empty when type is Limited'));
    else validateLimited(limited, specPath.child('limited'), found);
  } else found.push(fieldErrors.notSupported(specPath.child('type'), type, ['Exempt', 'Limited']));
  return found;
}

/** By `<group>/<kind>`. */
export const flowcontrolValidation: Readonly<Record<string, ContentRules>> = {
  'flowcontrol.apiserver.k8s.io/FlowSchema': contentRules<Schema>({ content: schemaContent }),
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': contentRules<Level>({ content: levelContent }),
};
