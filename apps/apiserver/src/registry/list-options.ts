import { badRequest, fieldErrors, FieldPath, goQuote, invalid, parseBoolean, type FieldError } from '@navarch/apimachinery';
import { parseResourceVersion, type ResourceVersion } from '@navarch/storage';

/** The query of a list or watch, read. */
export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** 0 for no limit. */
  readonly limit: number;
  readonly continue: string;
  /** Undefined when not given. */
  readonly resourceVersion: ResourceVersion | undefined;
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
}

export interface WatchOptions extends ListOptions {
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
  /** Undefined when not given. */
  readonly timeoutSeconds: number | undefined;
}

const KIND = { group: 'meta.k8s.io', kind: 'ListOptions' };
const path = (name: string): FieldPath => FieldPath.of(name);

/** @throws badRequest */
export function parseInteger(text: string): number;
export function parseInteger(text: string | null): number | undefined;
export function parseInteger(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: value out of range`);
  return value;
}

function matchErrors(match: string, version: string, token: string): FieldError[] {
  const errors: FieldError[] = [];
  if (match === '') return errors;
  const at = path('resourceVersionMatch');
  if (version === '') errors.push(fieldErrors.forbidden(at, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
  if (token !== '') errors.push(fieldErrors.forbidden(at, 'resourceVersionMatch is forbidden when continue is provided'));
  if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(fieldErrors.notSupported(at, match, ['Exact', 'NotOlderThan', '']));
  if (match === 'Exact' && version === '0') errors.push(fieldErrors.forbidden(at, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  return errors;
}

function watchErrors(match: string, initial: boolean | undefined, token: string): FieldError[] {
  const errors: FieldError[] = [];
  const at = path('resourceVersionMatch');
  if (initial !== undefined && match !== 'NotOlderThan') errors.push(fieldErrors.forbidden(at, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  if (match === '') return errors;
  if (initial === undefined) errors.push(fieldErrors.forbidden(at, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
  if (match !== 'NotOlderThan') errors.push(fieldErrors.notSupported(at, match, ['NotOlderThan']));
  if (token !== '') errors.push(fieldErrors.forbidden(at, 'resourceVersionMatch is forbidden when continue is provided'));
  return errors;
}

/** Reads and checks the query of a list (`watch` false) or a watch. @throws invalid, with upstream's texts */
export function listOptions(query: URLSearchParams, watch: boolean): WatchOptions {
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const token = query.get('continue') ?? '';
  const initial = parseBoolean(query.get('sendInitialEvents'));
  const errors = watch ? watchErrors(match, initial, token) : matchErrors(match, version, token);
  if (!watch && initial !== undefined) errors.push(fieldErrors.forbidden(path('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
  const resourceVersion = version === '' ? undefined : parseResourceVersion(version);
  if (version !== '' && resourceVersion === undefined) errors.push(fieldErrors.invalid(path('resourceVersion'), version, 'must be a decimal number'));
  if (errors.length > 0) throw invalid(KIND, '', errors);
  return {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    limit: Math.max(0, parseInteger(query.get('limit')) ?? 0),
    continue: token,
    resourceVersion,
    resourceVersionMatch: match as ListOptions['resourceVersionMatch'],
    allowWatchBookmarks: parseBoolean(query.get('allowWatchBookmarks')) ?? false,
    sendInitialEvents: initial,
    timeoutSeconds: parseInteger(query.get('timeoutSeconds')),
  };
}
