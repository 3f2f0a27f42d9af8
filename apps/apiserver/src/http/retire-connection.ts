import type { Http2ServerRequest, Http2Session } from 'node:http2';
import type { Exchange } from './exchange';

/** The highest that a stream can have: all that the client has begun by now is still served. */
const LAST_STREAM = 2 ** 31 - 1;

const retired = new WeakSet<Http2Session>();

/**
 * Lets a client of HTTP/2 make a connection anew for its next request; what is under way on this one goes on. Upstream says so by
 * `Connection: close`, which Go's server turns into GOAWAY. HTTP/1.1 is left alone, as upstream's filters leave it.
 */
export function retireConnection({ request, response }: Pick<Exchange, 'request' | 'response'>): void {
  if (request.httpVersionMajor < 2) return;
  const { session } = (request as Http2ServerRequest).stream;
  if (!session || session.closed || session.destroyed || retired.has(session)) return;
  retired.add(session);
  session.goaway(0, LAST_STREAM);
  // Ends with the last of its streams.
  response.on('close', () => session.close());
}
