import { badRequest, fieldErrors, type FieldError, FieldPath, invalid, parseBoolean, parseTime } from '@navarch/apimachinery';
import type { nodev1 } from '@navarch/proto';

/** Upstream's path of an empty name: what concerns several options. */
const noField = '[]';

const isTrue = (query: URLSearchParams, name: string): boolean => parseBoolean(query.get(name)) ?? false;

/** PodLogOptions of a query, without the container. @throws invalid, badRequest */
export function logOptions(query: URLSearchParams, nowMs: number): Omit<nodev1.LogsRequest, 'container'> {
  const errors: FieldError[] = [];
  const whole = (name: string, least: number): bigint | undefined => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    const value = Number(text);
    if (!Number.isSafeInteger(value)) throw badRequest(`unable to decode ${name}: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    if (value < least) errors.push(fieldErrors.invalid(FieldPath.of(name), value, least === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0'));
    return BigInt(value);
  };
  const sinceSeconds = whole('sinceSeconds', 1);
  const tailLines = whole('tailLines', 0);
  const limitBytes = whole('limitBytes', 1);
  const since = query.get('sinceTime') ?? '';
  const sinceMs = since === '' ? undefined : parseTime(since);
  if (since !== '' && sinceMs === undefined) throw badRequest(`unable to decode sinceTime: cannot parse ${JSON.stringify(since)} as a time`);
  if (sinceSeconds !== undefined && sinceMs !== undefined) errors.push(fieldErrors.forbidden(noField, 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  const stream = query.get('stream') ?? '';
  if (!['', 'All', 'Stdout', 'Stderr'].includes(stream)) errors.push(fieldErrors.notSupported(FieldPath.of('stream'), stream, ['All', 'Stdout', 'Stderr']));
  if (tailLines !== undefined && (stream === 'Stdout' || stream === 'Stderr')) errors.push(fieldErrors.forbidden(noField, '`tailLines` and specific `stream` are mutually exclusive for now'));
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, '', errors);
  return {
    follow: isTrue(query, 'follow'),
    previous: isTrue(query, 'previous'),
    timestamps: isTrue(query, 'timestamps'),
    tailLines,
    limitBytes,
    sinceUnixNs: sinceSeconds !== undefined ? (BigInt(nowMs) - sinceSeconds * 1000n) * 1_000_000n : sinceMs === undefined ? undefined : BigInt(sinceMs) * 1_000_000n,
    stream,
  };
}
