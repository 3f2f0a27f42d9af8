import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';

/** A request by HTTP/1 or HTTP/2. */
export type Asked = IncomingMessage | Http2ServerRequest;
export type Answer = ServerResponse | Http2ServerResponse;

export interface Outcome {
  readonly code: number;
  /** Why it is the proxy's own answer. */
  readonly error?: unknown;
}

/** Ends an answer that cannot be completed so that the client sees that it was not. */
export function abort(response: Answer): void {
  if ('stream' in response) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else response.destroy();
}

/** The proxy's own answer. */
export function refuse(response: Answer, code: number, text: string, error?: unknown): Outcome {
  if (response.headersSent) abort(response);
  else {
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${text}\n`);
  }
  return { code, error };
}
