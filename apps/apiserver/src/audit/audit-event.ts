import type { AuditLevel, AuditStage } from './audit-policy';

export interface AuditedUser {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: object;
}

/** An Event of audit.k8s.io/v1. */
export interface AuditEvent {
  readonly kind: 'Event';
  readonly apiVersion: 'audit.k8s.io/v1';
  readonly level: AuditLevel;
  readonly auditID: string;
  readonly stage: AuditStage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: AuditedUser;
  readonly impersonatedUser?: AuditedUser;
  readonly authenticationMetadata?: { readonly impersonationConstraint: string };
  readonly sourceIPs: readonly string[];
  readonly userAgent: string;
  readonly objectRef?: { readonly namespace?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const quote = (text: string): string => JSON.stringify(text);
const quoted = (texts: readonly string[]): string => texts.map(quote).join(',');

/** One line of text: upstream's format `legacy`, which leaves much out. */
export function legacyLine({ requestReceivedTimestamp, auditID, stage, sourceIPs, verb, user, impersonatedUser, userAgent, objectRef, requestURI, responseStatus }: AuditEvent): string {
  const { username = '', groups = [] } = user;
  const fields: readonly (readonly [string, string])[] = [
    ['id', auditID], ['stage', stage], ['ip', sourceIPs[0] ?? '<unknown>'], ['method', verb],
    ['user', username === '' ? '<none>' : username], ['groups', username === '' || groups.length === 0 ? '<none>' : quoted(groups)],
    ['as', impersonatedUser ? impersonatedUser.username ?? '' : '<self>'], ['asgroups', impersonatedUser?.groups ? quoted(impersonatedUser.groups) : '<lookup>'],
    ['user-agent', userAgent], ['namespace', objectRef?.namespace ?? '<none>'], ['uri', requestURI], ['response', String(responseStatus?.code ?? '<deferred>')],
  ];
  return `${requestReceivedTimestamp.replace(/\.?0+Z$/, 'Z')} AUDIT: ${fields.map(([name, value]) => `${name}=${quote(value)}`).join(' ')}`;
}
