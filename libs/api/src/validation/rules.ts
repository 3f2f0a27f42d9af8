import {
  compareStrings, dns1123LabelMessages, dns1123SubdomainMessages, type FieldError, fieldErrors, type FieldPath, immutableMessage, labelKeyMessages, labelValueMessages,
  pathSegmentNameMessages, percentMessages, portNameMessages, portNumberMessages, regexMessage,
} from '@navarch/apimachinery';
import { semanticEqual } from '../support/semantic-equal';

/** What has been found wrong so far; checks add to it. */
export type Findings = FieldError[];

export const negativeMessage = 'must be greater than or equal to 0';
export const notPositiveMessage = 'must be greater than 0';
/** The same, as the core group says it. */
export const notAboveZeroMessage = 'must be greater than zero';

export const sorted = (values: Iterable<string>): string[] => [...values].sort(compareStrings);

/** Adds one finding for each text. */
export function refuse(messages: readonly string[], value: unknown, path: FieldPath, found: Findings): void {
  for (const message of messages) found.push(fieldErrors.invalid(path, value, message));
}

export function nonNegative(value: number | undefined, path: FieldPath, found: Findings): void {
  if (value !== undefined && value < 0) found.push(fieldErrors.invalid(path, value, negativeMessage));
}

export function positive(value: number | undefined, path: FieldPath, found: Findings): void {
  if (value !== undefined && value <= 0) found.push(fieldErrors.invalid(path, value, notPositiveMessage));
}

/** Says more of what was found. */
export const withDetail = (error: FieldError, detail: string): FieldError => ({ ...error, body: `${error.body}: ${detail}`, message: `${error.message}: ${detail}` });

/** A field that must say something. */
export function present(value: string | undefined, path: FieldPath, found: Findings, detail = ''): value is string {
  if (value) return true;
  found.push(fieldErrors.required(path, detail));
  return false;
}

/** A name that is part of a path. */
export function pathSegment(value: string | undefined, path: FieldPath, found: Findings): void {
  if (present(value, path, found)) refuse(pathSegmentNameMessages(value), value, path, found);
}

/** One of a closed set; whether it may be absent is the caller's business. */
export function supported(value: string | undefined, allowed: readonly string[], path: FieldPath, found: Findings): void {
  if (value && !allowed.includes(value)) found.push(fieldErrors.notSupported(path, value, allowed));
}

/** One of a closed set, which must be given. */
export function choice(value: string | undefined, allowed: readonly string[], path: FieldPath, found: Findings, detail = ''): void {
  if (present(value, path, found, detail)) supported(value, allowed, path, found);
}

export function immutable(value: unknown, old: unknown, path: FieldPath, found: Findings): void {
  if (!semanticEqual(value, old)) found.push(fieldErrors.invalid(path, value ?? null, immutableMessage));
}

export const dnsLabel = (value: string, path: FieldPath, found: Findings): void => refuse(dns1123LabelMessages(value), value, path, found);
export const dnsSubdomain = (value: string, path: FieldPath, found: Findings): void => refuse(dns1123SubdomainMessages(value), value, path, found);
/** `[prefix/]name`, as the key of a label. */
export const qualifiedName = (value: string, path: FieldPath, found: Findings): void => refuse(labelKeyMessages(value), value, path, found);
export const labelValue = (value: string, path: FieldPath, found: Findings): void => refuse(labelValueMessages(value), value, path, found);
export const portNumber = (port: number, path: FieldPath, found: Findings): void => refuse(portNumberMessages(port), port, path, found);

/** A port by number, or by the name it has in the container. */
export function portNumberOrName(port: number | string | undefined, path: FieldPath, found: Findings): void {
  if (typeof port === 'string') refuse(portNameMessages(port), port, path, found);
  else portNumber(port ?? 0, path, found);
}

/** A count, or a share such as `25%`. */
export function countOrPercent(value: number | string | undefined, path: FieldPath, found: Findings): void {
  if (typeof value === 'string') refuse(percentMessages(value), value, path, found);
  else nonNegative(value, path, found);
}

/** A share that is not more than all. */
export function atMostAll(value: number | string | undefined, path: FieldPath, found: Findings): void {
  if (typeof value === 'string' && /^\d+%$/.test(value) && Number.parseInt(value, 10) > 100) found.push(fieldErrors.invalid(path, value, 'must not be greater than 100%'));
}

/** The number in a count or a share; 0 for what is neither. */
export const amountIn = (value: number | string | undefined): number => (typeof value === 'string' ? (/^(\d+%|[+-]?\d+)$/.test(value) ? Number.parseInt(value, 10) : 0) : (value ?? 0));

/** The same where a kind's rules are declared: without the value. */
export const declaredImmutable = (path: FieldPath): FieldError => fieldErrors.invalid(path, null, immutableMessage);

/** A number within limits, as declared rules say it. */
export function inRange(value: number | undefined, least: number, most: number, path: FieldPath, found: Findings): void {
  if (value === undefined) return;
  if (value < least) found.push(fieldErrors.invalid(path, value, `must be greater than or equal to ${least}`));
  if (value > most) found.push(fieldErrors.invalid(path, value, `must be less than or equal to ${most}`));
}

/** Exactly one of some fields, as declared rules say it. */
export function exactlyOne(object: object, fields: readonly string[], path: FieldPath, found: Findings): void {
  const named = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  const given = fields.filter((field) => (object as Record<string, unknown>)[field] !== undefined);
  if (given.length === 0) found.push(fieldErrors.invalid(path, '', `must specify one of: ${named(fields)}`));
  else if (given.length > 1) found.push(fieldErrors.invalid(path, `{${given.join(', ')}}`, `must specify exactly one of: ${named(fields)}`));
}

/** What concerns no field: upstream's path of an empty name prints so. */
export const wholeObject = '[]';

/** One of a closed set; nothing is as wrong as anything else. */
export function oneOf(value: string | undefined, allowed: readonly string[], path: FieldPath, found: Findings): void {
  if (!allowed.includes(value ?? '')) found.push(fieldErrors.notSupported(path, value ?? '', allowed));
}

export const immutableFinding = (value: unknown, path: FieldPath): FieldError => fieldErrors.invalid(path, value ?? null, immutableMessage);

/** What the path of a URL may consist of (RFC 3986). */
const httpPath = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

/** `domain/path`, such as the name of an ingress controller. */
export function pathPrefixedName(value: string, path: FieldPath, found: Findings): void {
  const slash = value.indexOf('/');
  if (slash <= 0 || slash === value.length - 1) {
    found.push(fieldErrors.invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")'));
    return;
  }
  refuse(dns1123SubdomainMessages(value.slice(0, slash)), value.slice(0, slash), path, found);
  const rest = value.slice(slash + 1);
  refuse(new RegExp(`^${httpPath}$`).test(rest) ? [] : [regexMessage('Invalid path', httpPath)], rest, path, found);
}
