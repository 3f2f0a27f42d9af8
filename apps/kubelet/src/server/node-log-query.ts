import { HttpError } from './http-error';

/** What of the node's logs is asked for by `/logs/?query=`. */
export interface NodeLogQuery {
  readonly services: readonly string[];
  readonly files: readonly string[];
  /** Milliseconds since 1970. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly tailLines?: number;
  /** 0: since the machine started last; -1: the time before. */
  readonly boot?: number;
  readonly pattern?: string;
}

const mostServices = 4;
const longestService = 256;
const mostLines = 100_000;

type Option = 'sinceTime' | 'untilTime' | 'tailLines' | 'boot' | 'pattern';

/** Reads the query; undefined where there is none. Throws an HttpError, 400 or 406, in upstream's words. */
export function nodeLogQuery(parameters: URLSearchParams): NodeLogQuery | undefined {
  const given = parameters.getAll('query');
  const files = given.filter((each) => /[/\\]/.test(each));
  const services = given.filter((each) => !/[/\\]/.test(each) && each.trim() !== '');
  const unread: string[] = [];
  if (given.length > 0 && files.length + services.length === 0) unread.push(invalid('query', given, 'query cannot be empty'));
  const read = <T>(name: Option, parse: (text: string) => T | undefined, problem: (text: string) => string): T | undefined => {
    const text = parameters.get(name) ?? '';
    if (text === '') return undefined;
    const value = parse(text);
    if (value === undefined) unread.push(invalid(name, text, problem(text)));
    return value;
  };
  const notANumber = (text: string): string => `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  const sinceMs = read('sinceTime', time, () => 'invalid time format');
  const untilMs = read('untilTime', time, () => 'invalid time format');
  const boot = read('boot', whole, notANumber);
  const tailLines = read('tailLines', whole, notANumber);
  const pattern = read('pattern', (text) => text, () => '');
  refuse(400, unread);
  const query: NodeLogQuery = {
    services, files,
    ...(sinceMs === undefined ? {} : { sinceMs }), ...(untilMs === undefined ? {} : { untilMs }), ...(boot === undefined ? {} : { boot }),
    ...(tailLines === undefined ? {} : { tailLines }), ...(pattern === undefined ? {} : { pattern }),
  };
  if (given.length === 0 && !hasOptions(query)) return undefined;
  refuse(406, problemsOf(query));
  return query;
}

/** Whether anything but what to show is said. */
export function hasOptions({ sinceMs, untilMs, tailLines, boot, pattern }: NodeLogQuery): boolean {
  return [sinceMs, untilMs, tailLines, boot, pattern].some((option) => option !== undefined);
}

/** How journalctl is asked for the logs of services. */
export function journalArguments(query: NodeLogQuery, services: readonly string[]): string[] {
  const { sinceMs, untilMs, tailLines, boot, pattern } = query;
  return [
    '--utc', '--no-pager', '--output=short-precise',
    ...(sinceMs === undefined ? [] : [`--since=${utc(sinceMs)}`]), ...(untilMs === undefined ? [] : [`--until=${utc(untilMs)}`]),
    ...(tailLines === undefined ? [] : ['--pager-end', `--lines=${tailLines}`]),
    ...services.map((service) => `--unit=${service}`),
    ...(pattern === undefined ? [] : [`--grep=${pattern}`]),
    ...(boot === undefined ? [] : ['--boot', String(boot)]),
  ];
}

function problemsOf(query: NodeLogQuery): string[] {
  const { services, files, sinceMs, untilMs, boot, tailLines } = query;
  const problems: string[] = [];
  for (const service of services) {
    if (service.length > longestService) problems.push(invalid('query', service, 'length must be less than 100'));
    else if (/[^a-zA-Z\-_0-9@]/.test(service)) problems.push(invalid('query', service, 'input contains unsupported characters'));
  }
  if (services.length > mostServices) problems.push(`query: Too many: ${services.length}: must have at most ${mostServices} items`);
  if (services.length + files.length === 0) problems.push('query: Required value: cannot be empty with options');
  else if (services.length > 0 && files.length > 0) problems.push(invalid('query', `[${files.join(' ')}], [${services.join(' ')}]`, 'cannot specify a file and service'));
  else if (files.length > 1) problems.push(invalid('query', files, 'cannot specify more than one file'));
  else if (files.length === 1 && hasOptions(query)) problems.push(invalid('query', files, 'cannot specify file with options'));
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs) problems.push(invalid('untilTime', new Date(untilMs).toISOString(), 'must be after `sinceTime`'));
  if (boot !== undefined && boot > 0) problems.push(invalid('boot', boot, 'must be less than 1'));
  if (tailLines !== undefined && (tailLines < 0 || tailLines > mostLines)) problems.push(invalid('tailLines', tailLines, `must be between 0 and ${mostLines}, inclusive`));
  return problems;
}

function refuse(code: number, problems: readonly string[]): void {
  if (problems.length > 0) throw new HttpError(code, `${problems.length === 1 ? problems.join() : `[${problems.join(', ')}]`}\n`);
}

function invalid(field: string, value: unknown, problem: string): string {
  return `${field}: Invalid value: ${JSON.stringify(value)}: ${problem}`;
}

function time(text: string): number | undefined {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function whole(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

/** As journalctl reads it. */
function utc(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
