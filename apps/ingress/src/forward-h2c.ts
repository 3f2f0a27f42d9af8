import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import type { Endpoint } from './endpoints';
import { abort, refuse, type Answer, type Asked, type Outcome } from './exchange';
import { NotConnected } from './forward';
import { endToEnd, forwarded, hostOf } from './headers';

const connectTimeoutMs = 5_000;

/** Connections to endpoints that speak HTTP/2 without TLS, as gRPC servers do: one each, shared by all requests. */
export class H2cSessions {
  readonly #sessions = new Map<string, Promise<ClientHttp2Session>>();

  /** @throws NotConnected */
  get({ host, port }: Endpoint): Promise<ClientHttp2Session> {
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const known = this.#sessions.get(url);
    if (known !== undefined) return known;
    const forget = (): void => {
      if (this.#sessions.get(url) === opening) this.#sessions.delete(url);
    };
    const opening = new Promise<ClientHttp2Session>((resolve, reject) => {
      const session = connect(url);
      const timer = setTimeout(() => session.destroy(new Error('connecting took too long')), connectTimeoutMs);
      session.once('connect', () => {
        clearTimeout(timer);
        resolve(session);
      });
      session.on('error', (error) => {
        clearTimeout(timer);
        reject(new NotConnected('endpoint cannot be reached', { cause: error }));
      });
      // It takes no new requests any more: the next ones open another.
      session.once('goaway', forget);
      session.once('close', forget);
    });
    this.#sessions.set(url, opening);
    opening.catch(forget);
    return opening;
  }

  async close(): Promise<void> {
    const sessions = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    for (const session of sessions) if (session.status === 'fulfilled') session.value.close();
  }
}

/** Passes a request on by HTTP/2, with trailers: that is where gRPC says how a call ended. */
export async function forwardH2c(request: Asked, response: Answer, endpoints: readonly Endpoint[], sessions: H2cSessions): Promise<Outcome> {
  let failure: unknown = new Error('no endpoint');
  for (const endpoint of endpoints) {
    try {
      const session = await sessions.get(endpoint);
      return await exchange(request, response, session);
    } catch (error) {
      if (!(error instanceof NotConnected)) throw error;
      failure = error.cause;
    }
  }
  return refuse(response, 502, 'Bad Gateway', failure);
}

function exchange(request: Asked, response: Answer, session: ClientHttp2Session): Promise<Outcome> {
  const headers = forwarded(request, endToEnd(request.headers));
  // HTTP/2 has a header of its own for it.
  delete headers['host'];
  const stream = session.request({
    ...headers, ':method': request.method ?? 'GET', ':path': request.url ?? '/', ':scheme': 'http', ':authority': hostOf(request),
    // The one value that HTTP/2 knows, and gRPC asks for.
    ...(request.headers['te'] === 'trailers' ? { te: 'trailers' } : {}),
  });
  return new Promise((resolve) => {
    let code = 502;
    stream.once('response', (answer, flags) => {
      code = answer[':status'] ?? 502;
      begin(response, stream, answer, flags, code);
    });
    stream.once('trailers', (trailers: IncomingHttpHeaders) => response.addTrailers(endToEnd(trailers)));
    stream.once('error', (error) => resolve(refuse(response, 502, 'Bad Gateway', error)));
    stream.once('close', () => {
      // Reset by the endpoint in the middle of an answer.
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR && !response.writableEnded) abort(response);
      resolve({ code });
    });
    response.once('close', () => {
      if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
    });
    request.pipe(stream);
  });
}

/** An answer that is all headers must be one to the client as well: gRPC reads its status from them then. */
function begin(response: Answer, stream: ClientHttp2Stream, answer: IncomingHttpHeaders & IncomingHttpStatusHeader, flags: number, code: number): void {
  if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0 && 'stream' in response) {
    response.stream.respond({ ...endToEnd(answer), ':status': code }, { endStream: true });
    return;
  }
  response.writeHead(code, endToEnd(answer) as Record<string, string>);
  // Trailers come before the end, and go with it.
  stream.pipe(response);
}
