import { EvalError } from '../values/eval-error';
import { ArrayList, HashMap, type OpaqueValue } from '../values/value';
import { overload, type Overload, stringCost } from './overload';

/** A URL in its parts, as they are written. */
class UrlValue implements OpaqueValue {
  readonly opaque = 'net.URL';

  constructor(
    readonly text: string,
    readonly scheme: string,
    /** Host and port. */
    readonly authority: string,
    readonly path: string,
    readonly query: string,
  ) {}

  equals(other: OpaqueValue): boolean {
    return other instanceof UrlValue && other.text === this.text;
  }
}

const SHAPE = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?([^?]*)(?:\?(.*))?$/s;
const withoutFragment = (text: string): string => text.split('#', 1)[0] ?? '';

/**
 * Absolute, or a path that begins with a slash: what Go's ParseRequestURI takes. It knows no fragments; one that is there is no part of
 * what the others are read from.
 */
function parseUrl(text: string): UrlValue | undefined {
  const [, scheme, rest = ''] = SHAPE.exec(text) ?? [];
  if (/[\p{Cc}]/u.test(text) || (scheme === undefined && !rest.startsWith('/'))) return undefined;
  const [, , plain = '', query = ''] = SHAPE.exec(withoutFragment(text)) ?? [];
  const made = (authority: string, path: string): UrlValue => new UrlValue(text, (scheme ?? '').toLowerCase(), authority, path, query);
  // What follows the scheme of such as `mailto:somebody` has no parts.
  if (!rest.startsWith('/')) return made('', '');
  const hasAuthority = plain.startsWith('//') && (scheme !== undefined || !plain.startsWith('///'));
  const [, whole = '', path = ''] = hasAuthority ? (/^\/\/([^/]*)(.*)$/s.exec(plain) ?? []) : ['', '', plain];
  const authority = whole.replace(/^.*@/s, '');
  if (/^\/\/[^/]*#/.test(rest) || /\s/.test(authority) || /%(?![0-9a-fA-F]{2})/.test(authority + path)) return undefined;
  // A host may be missing; one that is there must be one.
  const hasHost = authority.replace(/:\d*$/, '') !== '';
  if (hasHost && !URL.canParse(`http://${authority}`)) return undefined;
  if (!hasHost && !/^(:\d*)?$/.test(authority)) return undefined;
  return made(authority, path);
}

function url(text: string): UrlValue {
  const parsed = parseUrl(text);
  if (!parsed) throw new EvalError(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`);
  return parsed;
}

const portOf = ({ authority }: UrlValue): string => /:(\d*)$/.exec(authority)?.[1] ?? '';
const hostname = ({ authority }: UrlValue): string => authority.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
const escapedPath = ({ path }: UrlValue): string => path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]+/gu, encodeURIComponent);

function query({ query: text }: UrlValue): HashMap {
  const params = new URLSearchParams(text);
  return new HashMap([...new Set(params.keys())].map((name) => [name, new ArrayList(params.getAll(name))] as const));
}

const parsing = { cost: (size: number): number => Math.max(1, stringCost(size)) };

export const urls: readonly Overload[] = [
  overload('url(string): net.URL', url, parsing),
  overload('isURL(string): bool', (text: string) => parseUrl(text) !== undefined, parsing),
  overload('net.URL -> getScheme(): string', ({ scheme }: UrlValue) => scheme),
  overload('net.URL -> getHost(): string', ({ authority }: UrlValue) => authority),
  overload('net.URL -> getHostname(): string', hostname),
  overload('net.URL -> getPort(): string', portOf),
  overload('net.URL -> getEscapedPath(): string', escapedPath),
  overload('net.URL -> getQuery(): map<string, list<string>>', query),
];
