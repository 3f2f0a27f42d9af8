import { dns1123SubdomainMessages, goQuote } from '@navarch/apimachinery';
import { parseDuration } from '@navarch/component-base';
import { configOfKind } from '../config-file/config-kind';
import type { Fields } from '../config-file/strict-fields';
import { compileReviewConditions } from './webhook/review-conditions';

export const AUTHORIZER_TYPES = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook'] as const;
export type AuthorizerType = (typeof AUTHORIZER_TYPES)[number];

export const isAuthorizerType = (text: string): text is AuthorizerType => (AUTHORIZER_TYPES as readonly string[]).includes(text);

/** Versions of reviews that webhooks of both kinds may speak. */
export const REVIEW_VERSIONS = ['v1', 'v1beta1'] as const;
export type ReviewVersion = (typeof REVIEW_VERSIONS)[number];

/** How a webhook is asked, and what its silence means. */
export interface WebhookConfig {
  readonly authorizedTtlMs: number;
  readonly unauthorizedTtlMs: number;
  readonly timeoutMs: number;
  readonly reviewVersion: ReviewVersion;
  readonly failurePolicy: 'Deny' | 'NoOpinion';
  readonly kubeConfigFile: string;
  /** All have to hold, or it is not asked. */
  readonly matchConditions: readonly string[];
}

/** One entry of an AuthorizationConfiguration. */
export interface AuthorizerConfig {
  readonly type: AuthorizerType;
  readonly name: string;
  readonly webhook: WebhookConfig | undefined;
}

const MAX_TIMEOUT_MS = 30_000;
/** What upstream gives who says nothing, or 0s. */
const DEFAULT_TTL = { authorizedTTL: '5m', unauthorizedTTL: '30s' } as const;

function ttl(fields: Fields, name: keyof typeof DEFAULT_TTL): number {
  const text = fields.optionalText(name) ?? '';
  return duration(fields, name, text === '' || parseDuration(text) === 0 ? DEFAULT_TTL[name] : text);
}

function duration(fields: Fields, name: string, text = fields.text(name)): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new Error(`${fields.path}.${name}: Invalid value: ${goQuote(text)}: must be > 0s`);
  return ms;
}

function oneOf<T extends string>(fields: Fields, name: string, values: readonly T[]): T {
  const text = fields.text(name);
  const found = values.find((value) => value === text);
  if (found === undefined) throw new Error(`${fields.path}.${name}: Unsupported value: ${goQuote(text)}: supported values: ${values.map(goQuote).join(', ')}`);
  return found;
}

function webhookOf(fields: Fields): WebhookConfig {
  fields.only(
    'authorizedTTL',
    'unauthorizedTTL',
    'cacheAuthorizedRequests',
    'cacheUnauthorizedRequests',
    'timeout',
    'subjectAccessReviewVersion',
    'matchConditionSubjectAccessReviewVersion',
    'failurePolicy',
    'connectionInfo',
    'matchConditions',
  );
  const timeoutMs = duration(fields, 'timeout');
  if (timeoutMs > MAX_TIMEOUT_MS) throw new Error(`${fields.path}.timeout: Invalid value: ${goQuote(fields.text('timeout'))}: must be <= 30s`);
  const reviewVersion = oneOf(fields, 'subjectAccessReviewVersion', REVIEW_VERSIONS);
  const connection = fields.object('connectionInfo');
  connection.only('type', 'kubeConfigFile');
  oneOf(connection, 'type', ['KubeConfigFile']);
  const matchConditions = fields.optionalList('matchConditions').map((condition) => {
    condition.only('expression');
    return condition.text('expression');
  });
  if (matchConditions.length > 0) oneOf(fields, 'matchConditionSubjectAccessReviewVersion', ['v1']);
  compileReviewConditions(matchConditions, `${fields.path}.matchConditions`);
  return {
    authorizedTtlMs: fields.boolean('cacheAuthorizedRequests', true) ? ttl(fields, 'authorizedTTL') : 0,
    unauthorizedTtlMs: fields.boolean('cacheUnauthorizedRequests', true) ? ttl(fields, 'unauthorizedTTL') : 0,
    timeoutMs, reviewVersion, failurePolicy: oneOf(fields, 'failurePolicy', ['NoOpinion', 'Deny']), kubeConfigFile: connection.text('kubeConfigFile'), matchConditions,
  };
}

function authorizerOf(entry: Fields): AuthorizerConfig {
  entry.only('type', 'name', 'webhook');
  const type = oneOf(entry, 'type', AUTHORIZER_TYPES);
  const name = entry.text('name');
  const [fault] = dns1123SubdomainMessages(name);
  if (fault !== undefined) throw new Error(`${entry.path}.name: Invalid value: ${goQuote(name)}: authorizer name is invalid: ${fault}`);
  if (type !== 'Webhook' && entry.has('webhook')) throw new Error(`${entry.path}.webhook: Invalid value: may only be specified when type=Webhook`);
  if (type === 'Webhook' && !entry.has('webhook')) throw new Error(`${entry.path}.webhook: Required value: required when type=Webhook`);
  return { type, name, webhook: type === 'Webhook' ? webhookOf(entry.object('webhook')) : undefined };
}

/** Reads an AuthorizationConfiguration. @throws for what is not one */
export function parseAuthorizationConfig(text: string): readonly AuthorizerConfig[] {
  const authorizers = configOfKind(text, 'AuthorizationConfiguration', 'authorizers').list('authorizers').map(authorizerOf);
  authorizers.forEach(({ type, name }, index) => {
    const before = authorizers.slice(0, index);
    if (before.some((other) => other.name === name)) throw new Error(`authorizers[${index}].name: Duplicate value: ${goQuote(name)}`);
    if (type !== 'Webhook' && before.some((other) => other.type === type)) throw new Error(`authorizers[${index}].type: Duplicate value: ${goQuote(type)}`);
  });
  return authorizers;
}
