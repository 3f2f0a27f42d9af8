import type { Exchange } from './exchange';
import { writeHead } from './respond';
import { retireConnection } from './retire-connection';

export interface DoorFlags {
  readonly corsAllowedOrigins: readonly string[] | undefined;
  readonly strictTransportSecurityDirectives: readonly string[] | undefined;
  readonly goawayChance: number;
}

/** The most that upstream lets connections be closed: one request of fifty. */
const MOST_GOAWAYS = 0.02;

const CORS_HEADERS = {
  'Access-Control-Allow-Methods': 'POST, GET, OPTIONS, PUT, DELETE, PATCH',
  'Access-Control-Allow-Headers': 'Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since',
  'Access-Control-Expose-Headers': 'Date',
  'Access-Control-Allow-Credentials': 'true',
} as const;

/** An expression that is not held to both ends of the host lets in whoever has a longer name (CVE-2022-1996). @throws Error */
function originPattern(text: string): RegExp {
  if (text === '') throw new Error('empty value in --cors-allowed-origins');
  const isPinned = (text.includes('^') || text.includes('//')) && (text.includes('$') || text.includes(':'));
  if (!isPinned) throw new Error('--cors-allowed-origins has an invalid regular expression: regular expression does not pin to start/end of host in the origin header');
  try {
    return new RegExp(text);
  } catch (error) {
    throw new Error('--cors-allowed-origins has an invalid regular expression', { cause: error });
  }
}

/** @throws Error */
function requireDirective(text: string): void {
  if (text.trim() === '') throw new Error('empty value in strict-transport-security-directives');
  if (text === 'includeSubDomains' || text === 'preload' || /^max-age=[^=]*$/.test(text)) return;
  throw new Error('--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for more information');
}

/**
 * What the server tells browsers and connections before it looks at who asks: which pages may read answers, that this host is only
 * spoken to over TLS, and now and then that a connection is to be made anew. As upstream's filters of `pkg/server/filters`.
 */
export class DoorHeaders {
  private readonly origins: readonly RegExp[];
  private readonly transportSecurity: string;
  private readonly goawayChance: number;

  /** @throws Error for flags that cannot be heeded */
  constructor(flags: DoorFlags, private readonly random: () => number) {
    const { corsAllowedOrigins = [], strictTransportSecurityDirectives: directives = [], goawayChance } = flags;
    this.origins = corsAllowedOrigins.map(originPattern);
    for (const directive of directives) requireDirective(directive);
    this.transportSecurity = directives.join('; ');
    if (goawayChance < 0 || goawayChance > MOST_GOAWAYS) throw new Error('--goaway-chance can not be less than 0 or greater than 0.02');
    this.goawayChance = goawayChance;
  }

  /** Whether the request is answered by this: a browser that only asks what it may send. */
  greet(exchange: Exchange): boolean {
    const { request, response } = exchange;
    if (this.transportSecurity !== '') response.setHeader('Strict-Transport-Security', this.transportSecurity);
    if (this.goawayChance > 0 && this.random() < this.goawayChance) retireConnection(exchange);
    const { origin } = request.headers;
    if (typeof origin !== 'string' || origin === '' || !this.origins.some((pattern) => pattern.test(origin))) return false;
    response.setHeader('Access-Control-Allow-Origin', origin);
    for (const [name, value] of Object.entries(CORS_HEADERS)) response.setHeader(name, value);
    if (request.method !== 'OPTIONS') return false;
    writeHead(exchange, 204, { 'Audit-Id': exchange.id, 'Cache-Control': 'no-cache, private' });
    response.end();
    return true;
  }
}
