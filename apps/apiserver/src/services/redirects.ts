/** One request of a chain of them: where it goes, and how. */
export interface Hop {
  readonly url: URL;
  /** A GET has no body. */
  readonly method: 'GET' | 'POST';
  /** It was sent to somebody else once: what the caller is known by stays with whom it asked first, and comes back through nobody. Upstream's webhooks show it to everybody. */
  readonly isAway: boolean;
}

interface Answer {
  readonly code: number;
  readonly location: string | undefined;
}

/** Go's `defaultCheckRedirect`. */
const MOST_REQUESTS = 10;
const ASKS_ANEW = new Set([301, 302, 303]);
const ASKS_THE_SAME = new Set([307, 308]);

/**
 * Asks a server, and then whom that sends to, as Go's `http.Client` does: where a 307 or 308 points the same is posted again, what
 * another redirect points to is got. An answer that says not where to go is the last one. @throws Error
 */
export async function followRedirects<T extends Answer>(first: URL, ask: (hop: Hop) => Promise<T>, method: Hop['method'] = 'POST'): Promise<T> {
  let hop: Hop = { url: first, method, isAway: false };
  for (let asked = 1; ; asked++) {
    const answer = await ask(hop);
    const next = nextHop(first, hop, answer);
    if (!next) return answer;
    if (asked === MOST_REQUESTS) throw new Error(`stopped after ${MOST_REQUESTS} redirects`);
    hop = next;
  }
}

function nextHop(first: URL, { url, method, isAway }: Hop, { code, location = '' }: Answer): Hop | undefined {
  const anew = ASKS_ANEW.has(code);
  if (location === '' || !(anew || ASKS_THE_SAME.has(code))) return undefined;
  const to = locate(location, url);
  return { url: to, method: anew ? 'GET' : method, isAway: isAway || to.origin !== first.origin };
}

function locate(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) throw new Error(`failed to parse Location header "${location}"`);
  const url = new URL(location, from);
  // Who is asked in secret sends nobody to where all can listen.
  if (url.protocol !== 'https:' && url.protocol !== from.protocol) throw new Error(`unsupported protocol scheme "${url.protocol.slice(0, -1)}"`);
  return url;
}
