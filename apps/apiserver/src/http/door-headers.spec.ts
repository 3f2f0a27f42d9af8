import type { Exchange } from './exchange';
import { DoorHeaders, type DoorFlags } from './door-headers';

const none: DoorFlags = { corsAllowedOrigins: undefined, strictTransportSecurityDirectives: undefined, goawayChance: 0 };

interface Greeted { readonly answered: boolean; readonly closed: boolean; readonly code: number; readonly headers: Record<string, string> }

function greet(flags: Partial<DoorFlags>, { method = 'GET', origin, random = 1 }: { method?: string; origin?: string; random?: number } = {}): Greeted {
  const headers: Record<string, string> = {};
  let code = 0;
  let closed = false;
  const exchange = {
    id: 'id', status: 0,
    request: { method, httpVersionMajor: 2, headers: origin === undefined ? {} : { origin }, stream: { session: { goaway: () => (closed = true) } } },
    response: { setHeader: (name: string, value: string) => (headers[name] = value), writeHead: (given: number) => (code = given), end: () => undefined, on: () => undefined },
  };
  const answered = new DoorHeaders({ ...none, ...flags }, () => random).greet(exchange as unknown as Exchange);
  return { answered, closed, code, headers };
}

it.each<[string, string[], string | undefined, boolean]>([
  ['no origins', [], 'http://example.com', false],
  ['no origin', ['//example.com$'], undefined, false],
  ['one that is allowed', ['//other.com$', '//example.com(:|$)'], 'http://example.com:8080', true],
  ['one that only begins like it', ['//example.com(:|$)'], 'http://example.com.hacker.org', false],
])('a page may read answers by its origin: %s', (_what, corsAllowedOrigins, origin, allowed) => {
  const { answered, headers } = greet({ corsAllowedOrigins }, { ...(origin === undefined ? {} : { origin }) });
  expect(answered).toBe(false);
  expect(headers['Access-Control-Allow-Origin']).toBe(allowed ? origin : undefined);
  expect(headers['Access-Control-Expose-Headers']).toBe(allowed ? 'Date' : undefined);
  expect(headers['Access-Control-Allow-Credentials']).toBe(allowed ? 'true' : undefined);
});

it('a browser that asks what it may send is told, whoever it is', () => {
  const { answered, code, headers } = greet({ corsAllowedOrigins: ['^http://a$'] }, { method: 'OPTIONS', origin: 'http://a' });
  expect({ answered, code, methods: headers['Access-Control-Allow-Methods'] }).toEqual({ answered: true, code: 204, methods: 'POST, GET, OPTIONS, PUT, DELETE, PATCH' });
  expect(greet({ corsAllowedOrigins: ['^http://a$'] }, { method: 'OPTIONS', origin: 'http://b' }).answered).toBe(false);
});

it('every answer says that this host is spoken to over TLS, and some that the connection is to be made anew', () => {
  expect(greet({ strictTransportSecurityDirectives: ['max-age=31536000', 'includeSubDomains'] }).headers).toEqual({ 'Strict-Transport-Security': 'max-age=31536000; includeSubDomains' });
  expect([0.0005, 0.001].map((random) => greet({ goawayChance: 0.001 }, { random }).closed)).toEqual([true, false]);
  expect(greet({}, { random: 0 }).closed).toBe(false);
});

it.each<[Partial<DoorFlags>, string]>([
  [{ corsAllowedOrigins: ['example.com'] }, 'does not pin'],
  [{ corsAllowedOrigins: ['^(:$'] }, 'invalid regular expression'],
  [{ corsAllowedOrigins: [''] }, 'empty value in --cors-allowed-origins'],
  [{ strictTransportSecurityDirectives: ['max-age'] }, '--strict-transport-security-directives invalid'],
  [{ strictTransportSecurityDirectives: [' '] }, 'empty value'],
  [{ goawayChance: 0.1 }, '--goaway-chance can not be'],
])('%j is refused', (flags, why) => {
  expect(() => greet(flags)).toThrow(why);
});
