import { badRequest, fieldErrors, FieldPath, goQuote, invalid, parseBoolean, parseResourceVersion, type FieldError, unreadVersion } from '@navarch/apimachinery';
import { decodeContinue, withVersion } from './continue-token';
import type { ResourceVersion } from '@navarch/storage';

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

/**
 * What a watch is that does not say how it begins, as upstream's `SetListOptionsDefaults`: from anywhere, it begins with what there is,
 * and marks where that ends. The old paths (`/watch/`) say nothing of this.
 */
function withDefaults(query: URLSearchParams, version: string): { readonly match: string; readonly initial: boolean | undefined } {
  const match = query.get('resourceVersionMatch') ?? '';
  const initial = parseBoolean(query.get('sendInitialEvents'));
  const says = initial !== undefined || match !== '' || (version !== '' && version !== '0');
  return says || parseBoolean(query.get('watch')) !== true ? { match, initial } : { match: 'NotOlderThan', initial: true };
}

/** Reads and checks the query of a list (`watch` false) or a watch. @throws invalid, badRequest, with upstream's texts */
export function listOptions(query: URLSearchParams, watch: boolean): WatchOptions {
  const version = query.get('resourceVersion') ?? '';
  const token = query.get('continue') ?? '';
  const { match, initial } = withDefaults(query, version);
  const errors = watch ? watchErrors(match, initial, token) : matchErrors(match, version, token);
  if (!watch && initial !== undefined) errors.push(fieldErrors.forbidden(path('sendInitialEvents'), 'sendInitialEvents is forbidden for list'));
  if (errors.length > 0) throw invalid(KIND, '', errors);
  const limit = Math.max(0, parseInteger(query.get('limit')) ?? 0);
  // Where a page goes on is looked at before the version, which it may not have.
  if (!watch && token !== '' && version !== '' && version !== '0') {
    decodeContinue(token);
    throw withVersion();
  }
  return {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    limit,
    continue: token,
    resourceVersion: version === '' ? undefined : parseResourceVersion(version, watch ? unreadVersion : undefined),
    resourceVersionMatch: match as ListOptions['resourceVersionMatch'],
    allowWatchBookmarks: parseBoolean(query.get('allowWatchBookmarks')) ?? false,
    sendInitialEvents: initial,
    timeoutSeconds: parseInteger(query.get('timeoutSeconds')),
  };
}
