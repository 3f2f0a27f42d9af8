import { dns1123LabelMessages, dns1123SubdomainMessages, fieldErrors, FieldPath } from '@navarch/apimachinery';
import { bootstrapFlowSchemas, bootstrapPriorityLevels } from '../bootstrap/flow-control';
import type { flowcontrolv1 } from '../gen';
import { list } from '../support/list';
import { type Loose } from '../support/loose';
import { omit } from '../support/omit';
import { semanticEqual } from '../support/semantic-equal';
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
const verbs = sorted(['get', 'list', 'create', 'update', 'delete', 'deletecollection', 'patch', 'watch', 'proxy']);

/** A list that says something; everything, if it is there, stands alone. Answers whether there are single values to look at. */
function allOrSome(values: readonly string[] | undefined, what: { readonly empty: string; readonly others: string }, path: FieldPath, found: Findings): boolean {
  const all = list(values);
  if (all.length === 0) found.push(fieldErrors.required(path, what.empty));
  else if (all.length > 1 && all.includes('*')) found.push(fieldErrors.invalid(path, all, `if '*' is present, must not specify other ${what.others}`));
  return !all.includes('*');
}

function validateVerbs(given: readonly string[] | undefined, path: FieldPath, found: Findings): void {
  if (!allOrSome(given, { empty: 'verbs must contain at least one value', others: 'verbs' }, path, found)) return;
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
  else if (namespaces.includes('*')) {
    if (namespaces.length > 1) found.push(fieldErrors.invalid(at, namespaces, "if '*' is present, must not specify other namespaces"));
  } else
    namespaces.forEach((namespace, i) => {
      refuse(dns1123LabelMessages(namespace).map((message) => `each member of this list must be '*' or a DNS-1123 label; ${message}`), namespace, at.index(i), found);
    });
}

/** What is wrong first with a path, which may end in anything. */
function urlFault(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const star = url.indexOf('*');
  return star >= 0 && !(star === url.length - 1 && url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined;
}

function validateUrls(urls: readonly string[] | undefined, path: FieldPath, found: Findings): void {
  if (!allOrSome(urls, { empty: 'nonResourceURLs must contain at least one value', others: 'non-resource URLs' }, path, found)) return;
  list(urls).forEach((url, i) => {
    const fault = urlFault(url);
    if (fault !== undefined) found.push(fieldErrors.invalid(path.index(i), url, fault));
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

/** Without them requests might find no level: they are always there, and always the same. */
const mandatory = ['exempt', 'catch-all'];
let schemas: ReadonlyMap<string, flowcontrolv1.FlowSchemaSpec> | undefined;
const fixedSchemas = (): ReadonlyMap<string, flowcontrolv1.FlowSchemaSpec> =>
  (schemas ??= new Map(bootstrapFlowSchemas().map(({ metadata, spec }) => [metadata.name ?? '', spec ?? {}] as [string, flowcontrolv1.FlowSchemaSpec])));
let levels: ReadonlyMap<string, flowcontrolv1.PriorityLevelConfigurationSpec> | undefined;
const fixedLevels = (): ReadonlyMap<string, flowcontrolv1.PriorityLevelConfigurationSpec> =>
  (levels ??= new Map(bootstrapPriorityLevels().map(({ metadata, spec }) => [metadata.name ?? '', spec ?? {}] as [string, flowcontrolv1.PriorityLevelConfigurationSpec])));

function schemaContent({ metadata, spec = {} }: Schema): Findings {
  const found: Findings = [];
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration } = spec;
  const path = specPath.child('matchingPrecedence');
  if (matchingPrecedence <= 0) found.push(fieldErrors.invalid(path, matchingPrecedence, 'must be a positive value'));
  if (matchingPrecedence > maxPrecedence) found.push(fieldErrors.invalid(path, matchingPrecedence, `must not be greater than ${maxPrecedence}`));
  if (matchingPrecedence === 1 && metadata?.name !== 'exempt') found.push(fieldErrors.invalid(path, matchingPrecedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
  if (distinguisherMethod && distinguisherMethod.type !== 'ByUser' && distinguisherMethod.type !== 'ByNamespace')
    // Upstream shows the method as its own code names the field.
    found.push(fieldErrors.notSupported(specPath.child('distinguisherMethod', 'type'), { Type: distinguisherMethod.type ?? '' }, ['ByNamespace', 'ByUser']));
  const level = priorityLevelConfiguration?.name ?? '';
  const at = specPath.child('priorityLevelConfiguration', 'name');
  if (present(level, at, found, 'must reference a priority level')) refuse(dns1123SubdomainMessages(level), level, at, found);
  list(spec.rules).forEach((rule, i) => validateRule(rule, specPath.child('rules').index(i), found));
  const { name = '' } = metadata ?? {};
  if (mandatory.includes(name) && !semanticEqual(spec, fixedSchemas().get(name))) found.push(fieldErrors.invalid(specPath, spec, `spec of '${name}' must equal the fixed value`));
  return found;
}

/** Conditions have types, each its own. */
function status({ status: given }: Level | Schema): Findings {
  const found: Findings = [];
  const path = FieldPath.of('status', 'conditions');
  const seen = new Set<string>();
  list<{ type?: string | undefined }>(given?.conditions).forEach(({ type = '' }, i) => {
    if (seen.has(type)) found.push(fieldErrors.duplicate(path.index(i).child('type'), type));
    seen.add(type);
    present(type, path.index(i).child('type'), found);
  });
  return found;
}

function positiveWithin(value: number | undefined, path: FieldPath, found: Findings): number {
  if ((value ?? 0) <= 0) found.push(fieldErrors.invalid(path, value ?? 0, 'must be positive'));
  return value ?? 0;
}

function validateQueuing(queuing: Loose<flowcontrolv1.QueuingConfiguration>, path: FieldPath, found: Findings): void {
  positiveWithin(queuing.queueLengthLimit, path.child('queueLengthLimit'), found);
  const queues = positiveWithin(queuing.queues, path.child('queues'), found);
  if (queues > maxQueues) found.push(fieldErrors.invalid(path.child('queues'), queues, `must not be greater than ${maxQueues}`));
  const hand = positiveWithin(queuing.handSize, path.child('handSize'), found);
  if (hand > 0 && hand > queues) found.push(fieldErrors.invalid(path.child('handSize'), hand, `should not be greater than queues (${queues})`));
  else if (queues > 0 && hand > 0) {
    let bits = 0;
    // A hand of billions is as wrong as one that is just too large.
    for (let i = 0; i < hand && bits <= maxEntropyBits; i++) bits += Math.log2(queues - i);
    if (Math.ceil(bits) > maxEntropyBits)
      found.push(fieldErrors.invalid(path.child('handSize'), hand, `required entropy bits of deckSize ${queues} and handSize ${hand} should not be greater than ${maxEntropyBits}`));
  }
}

/** How much of its seats a level lends, and how many it may borrow. */
function validateSeats({ nominalConcurrencyShares = 0, lendablePercent }: Loose<flowcontrolv1.ExemptPriorityLevelConfiguration>, path: FieldPath, found: Findings): void {
  if (nominalConcurrencyShares < 0) found.push(fieldErrors.invalid(path.child('nominalConcurrencyShares'), nominalConcurrencyShares, 'must be a non-negative integer'));
  if (lendablePercent !== undefined && (lendablePercent < 0 || lendablePercent > 100))
    found.push(fieldErrors.invalid(path.child('lendablePercent'), lendablePercent, 'must be between 0 and 100, inclusive'));
}

function validateLimited(limited: Loose<flowcontrolv1.LimitedPriorityLevelConfiguration>, path: FieldPath, found: Findings): void {
  const { limitResponse = {}, borrowingLimitPercent } = limited;
  const at = path.child('limitResponse');
  if (limitResponse.type === 'Reject') {
    if (limitResponse.queuing) found.push(fieldErrors.forbidden(at.child('queuing'), 'must be nil if limited.limitResponse.type is not Limited'));
  } else if (limitResponse.type === 'Queue') {
    if (!limitResponse.queuing) found.push(fieldErrors.required(at.child('queuing'), 'must not be empty if limited.limitResponse.type is Limited'));
    else validateQueuing(limitResponse.queuing, at.child('queuing'), found);
  } else found.push(fieldErrors.notSupported(at.child('type'), limitResponse.type ?? '', ['Queue', 'Reject']));
  validateSeats(limited, path, found);
  if (borrowingLimitPercent !== undefined && borrowingLimitPercent < 0)
    found.push(fieldErrors.invalid(path.child('borrowingLimitPercent'), borrowingLimitPercent, 'if specified, must be a non-negative integer'));
}

/** How v1beta3 remembers shares of 0. */
const zeroShares = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';

function levelContent({ metadata, spec = {} }: Level): Findings {
  const found: Findings = [];
  if (metadata?.annotations && Object.hasOwn(metadata.annotations, zeroShares)) found.push(fieldErrors.forbidden(FieldPath.of('metadata', 'annotations'), `annotation '${zeroShares}' is forbidden`));
  const { type = '', limited, exempt } = spec;
  if ((metadata?.name === 'exempt') !== (type === 'Exempt')) found.push(fieldErrors.invalid(specPath.child('type'), type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  if (type === 'Exempt') {
    if (limited) found.push(fieldErrors.forbidden(specPath.child('limited'), 'must be nil if the type is not Limited'));
    if (exempt) validateSeats(exempt, specPath.child('exempt'), found);
  } else if (type === 'Limited') {
    if (exempt) found.push(fieldErrors.forbidden(specPath.child('exempt'), 'must be nil if the type is Limited'));
    if (!limited) found.push(fieldErrors.required(specPath.child('limited'), 'must not be empty when type is Limited'));
    else validateLimited(limited, specPath.child('limited'), found);
  } else found.push(fieldErrors.notSupported(specPath.child('type'), type, ['Exempt', 'Limited']));
  const { name = '' } = metadata ?? {};
  const fixed = mandatory.includes(name) ? fixedLevels().get(name) : undefined;
  if (!fixed) return found;
  // An administrator may give the exempt level seats.
  const comparable = (level: Loose<flowcontrolv1.PriorityLevelConfigurationSpec>): object => (name === 'exempt' ? omit(level, 'exempt') : level);
  if (!semanticEqual(comparable(spec), comparable(fixed)))
    found.push(fieldErrors.invalid(specPath, spec, `spec of '${name}'${name === 'exempt' ? " except the 'spec.exempt' field" : ''} must equal the fixed value`));
  return found;
}

/** By `<group>/<kind>`. */
export const flowcontrolValidation: Readonly<Record<string, ContentRules>> = {
  'flowcontrol.apiserver.k8s.io/FlowSchema': contentRules<Schema>({ content: schemaContent, status }),
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': contentRules<Level>({ content: levelContent, status }),
};
