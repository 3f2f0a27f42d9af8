import { EvalError } from '../values/eval-error';
import { ArrayList, HashMap, type OpaqueValue } from '../values/value';
import { overload, type Overload, stringCost } from './overload';

class UrlValue implements OpaqueValue {
  readonly opaque = 'net.URL';

  constructor(
    readonly url: URL | undefined,
    readonly text: string,
  ) {}

  equals(other: OpaqueValue): boolean {
    return other instanceof UrlValue && other.text === this.text;
  }
}

/** Absolute, or a path that begins with a slash: what Go's ParseRequestURI takes. */
function parseUrl(text: string): UrlValue | undefined {
  if (text.startsWith('/')) return /[\s]/.test(text) ? undefined : new UrlValue(undefined, text);
  if (!/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^\s]*$/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  return URL.canParse(text) ? new UrlValue(new URL(text), text) : undefined;
}

function url(text: string): UrlValue {
  const parsed = parseUrl(text);
  if (!parsed) throw new EvalError(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`);
  return parsed;
}

/** What stands between the slashes and the path: the parsed URL drops ports that are the scheme's own. */
const authority = ({ text }: UrlValue): string => /^[^:]+:\/\/(?:[^/?#]*@)?([^/?#]*)/.exec(text)?.[1] ?? '';
const portOf = (value: UrlValue): string => /:(\d*)$/.exec(authority(value))?.[1] ?? '';
const hostname = (value: UrlValue): string => authority(value).replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
const path = ({ url: parsed, text }: UrlValue): string => (parsed ? (/^[^:]+:\/\/[^/?#]*\//.test(text) ? parsed.pathname : '') : text.replace(/[?#].*$/s, ''));

function query({ url: parsed, text }: UrlValue): HashMap {
  const params = parsed?.searchParams ?? new URLSearchParams(/\?([^#]*)/.exec(text)?.[1] ?? '');
  return new HashMap([...new Set(params.keys())].map((name) => [name, new ArrayList(params.getAll(name))] as const));
}

const parsing = { cost: (size: number): number => Math.max(1, stringCost(size)) };

export const urls: readonly Overload[] = [
  overload('url(string): net.URL', url, parsing),
  overload('isURL(string): bool', (text: string) => parseUrl(text) !== undefined, parsing),
  overload('net.URL -> getScheme(): string', (value: UrlValue) => value.url?.protocol.slice(0, -1) ?? ''),
  overload('net.URL -> getHost(): string', authority),
  overload('net.URL -> getHostname(): string', hostname),
  overload('net.URL -> getPort(): string', portOf),
  overload('net.URL -> getEscapedPath(): string', path),
  overload('net.URL -> getQuery(): map<string, list<string>>', query),
];
