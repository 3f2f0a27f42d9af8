import type { Component } from '@navarch/component-base';
import type { InFlightLimit } from '../pipeline/in-flight-limit';
import type { Exchange } from './exchange';
import { send } from './respond';

/** Those who look after the server are served to its end (pkg/server/filters/with_retry_after.go). */
const EXEMPT = ['/readyz', '/livez', '/healthz', '/metrics'];
const RETRY_AFTER_SECONDS = '5';

/**
 * `--shutdown-send-retry-after`: when the server ends, new requests are told to come again, to another server, until those
 * under way have ended. Stopped before all others; without the flag it does nothing.
 */
export class LastRequests implements Component {
  readonly name = 'last-requests';
  private isEnding = false;

  constructor(private readonly isWanted: boolean, private readonly inFlight: InFlightLimit) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    if (!this.isWanted) return;
    this.isEnding = true;
    await this.inFlight.idle();
  }

  /** The answer to a request that comes too late; undefined for one that is served. */
  refuse(exchange: Exchange): Promise<void> | undefined {
    if (!this.isEnding || EXEMPT.some((prefix) => exchange.info.path.startsWith(prefix))) return undefined;
    const { response, request } = exchange;
    response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    // HTTP/2 has no such header: its connections end with the server.
    if (request.httpVersionMajor < 2) response.setHeader('Connection', 'close');
    return send(exchange, 429, 'text/plain; charset=utf-8', 'The apiserver is shutting down, please try again later.\n');
  }
}
