import { aggregateMessages } from '@navarch/apimachinery';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { AuthorizationAttributes, User } from '../pipeline';
import { auditPolicyProblems } from './audit-policy-problems';

export type AuditLevel = 'Metadata' | 'None' | 'Request' | 'RequestResponse';
export type AuditStage = 'RequestReceived' | 'ResponseComplete' | 'ResponseStarted';

interface GroupResources {
  readonly group?: string;
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface AuditRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly GroupResources[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

/** What a request is noted with. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<AuditStage>;
  readonly omitManagedFields: boolean;
}

const nothing: AuditDecision = { level: 'None', omitStages: new Set(), omitManagedFields: false };

const anyOf = (wanted: readonly string[] | undefined, value: string): boolean => wanted === undefined || wanted.length === 0 || wanted.includes(value);

/** `pods`, `pods/log`, `pods/*`, or with a star for the resource. */
function resourceNamed(pattern: string, { resource, subresource }: AuthorizationAttributes): boolean {
  if (pattern === '*') return true;
  const [name = '', sub] = pattern.split('/', 2);
  if (name !== '*' && name !== resource) return false;
  return sub === undefined ? subresource === '' : sub === '*' || sub === subresource;
}

function concerns(rule: AuditRule, user: User, attributes: AuthorizationAttributes): boolean {
  const { resources = [], nonResourceURLs = [], namespaces = [], userGroups = [] } = rule;
  if (!anyOf(rule.users, user.name) || !anyOf(rule.verbs, attributes.verb)) return false;
  if (userGroups.length > 0 && !userGroups.some((group) => user.groups.includes(group))) return false;
  if (!attributes.isResource) {
    if (resources.length > 0 || namespaces.length > 0) return false;
    return nonResourceURLs.length === 0 || nonResourceURLs.some((url) => url === '*' || url === attributes.path || (url.endsWith('*') && attributes.path.startsWith(url.slice(0, -1))));
  }
  if (nonResourceURLs.length > 0 || !anyOf(namespaces, attributes.namespace)) return false;
  return resources.length === 0 || resources.some(({ group = '', resources: named = [], resourceNames }) => (group === '*' || group === attributes.group)
    && (named.length === 0 || named.some((pattern) => resourceNamed(pattern, attributes))) && anyOf(resourceNames, attributes.name));
}

/** Says how much of a request is noted: by the first rule that concerns it. */
export class AuditPolicy {
  private constructor(
    private readonly rules: readonly AuditRule[],
    private readonly omitStages: readonly AuditStage[],
    private readonly omitManagedFields: boolean,
  ) {}

  /** @throws for what is no policy */
  static parse(text: string, file: string): AuditPolicy {
    const { kind, rules = [], omitStages = [], omitManagedFields = false } = (parse(text) ?? {}) as { kind?: string; rules?: AuditRule[]; omitStages?: AuditStage[]; omitManagedFields?: boolean };
    if (kind !== 'Policy') throw new Error(`${file}: no audit policy`);
    if (rules.length === 0) throw new Error(`${file}: loaded illegal policy with 0 rules`);
    const problems = auditPolicyProblems({ rules, omitStages });
    if (problems.length > 0) throw new Error(`${file}: ${aggregateMessages(problems.map(({ field, body }) => `${field}: ${body}`))}`);
    return new AuditPolicy(rules, omitStages, omitManagedFields);
  }

  static async load(file: string): Promise<AuditPolicy> {
    return AuditPolicy.parse(await readFile(file, 'utf8'), file);
  }

  decide(user: User, attributes: AuthorizationAttributes): AuditDecision {
    const rule = this.rules.find((one) => concerns(one, user, attributes));
    if (!rule) return nothing;
    return { level: rule.level, omitStages: new Set([...this.omitStages, ...(rule.omitStages ?? [])]), omitManagedFields: rule.omitManagedFields ?? this.omitManagedFields };
  }
}
