import { type Clock } from '@navarch/clock';
import { type ReadLogsOptions } from '../logs/read-logs';
import { HttpError } from './http-error';

/** The options of /containerLogs; throws HttpError with upstream's text for those that make no sense. */
export function logQuery(query: URLSearchParams, clock: Clock): { readonly options: ReadLogsOptions; readonly previous: boolean } {
  const flag = (name: string): boolean => ['1', 'true', 't'].includes((query.get(name) ?? '').toLowerCase());
  const whole = (name: string, least: number): number | undefined => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    const value = Number(text);
    if (!Number.isInteger(value)) throw new HttpError(400, `{"message": "Unable to decode query."}`);
    if (value < least) throw new HttpError(422, JSON.stringify({ message: `Invalid request. ${name} must be ${least === 1 ? 'greater than 0' : 'greater than or equal to 0'}` }));
    return value;
  };
  const tailLines = whole('tailLines', 0);
  const limitBytes = whole('limitBytes', 1);
  const sinceSeconds = whole('sinceSeconds', 1);
  const sinceTime = query.get('sinceTime') ?? '';
  if (sinceSeconds !== undefined && sinceTime !== '') throw new HttpError(422, '{"message": "Invalid request. at most one of `sinceTime` or `sinceSeconds` may be specified"}');
  const sinceMs = sinceSeconds === undefined ? (sinceTime === '' ? undefined : Date.parse(sinceTime)) : clock.now() - sinceSeconds * 1000;
  if (Number.isNaN(sinceMs)) throw new HttpError(400, '{"message": "Unable to decode query."}');
  const stream = query.get('stream') ?? '';
  if (!['', 'All', 'Stdout', 'Stderr'].includes(stream)) throw new HttpError(422, `{"message": "Invalid request. stream must be one of All, Stdout, Stderr"}`);
  return {
    previous: flag('previous'),
    options: {
      follow: flag('follow'), timestamps: flag('timestamps'),
      ...(tailLines === undefined ? {} : { tailLines }), ...(limitBytes === undefined ? {} : { limitBytes }),
      ...(sinceMs === undefined ? {} : { sinceNs: BigInt(sinceMs) * 1_000_000n }),
      ...(stream === 'Stdout' ? { stream: 'stdout' as const } : stream === 'Stderr' ? { stream: 'stderr' as const } : {}),
    },
  };
}
