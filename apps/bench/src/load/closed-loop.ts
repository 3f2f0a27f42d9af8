import type { HttpConnection } from './http-connection';
import type { NumberedRequests } from './request-template';

export interface LoopOptions {
  readonly requests: NumberedRequests;
  readonly first: number;
  readonly count: number;
  readonly expectStatus: number;
}

export interface LoopOutcome {
  readonly latenciesMs: Float64Array;
  readonly bytes: number;
}

/** How much of an unexpected answer is shown. */
const shownBytes = 500;

/**
 * Sends `count` requests over all connections, one at a time on each.
 * @throws at the first answer with another status: a rate of errors is no result
 */
export async function closedLoop(connections: readonly HttpConnection[], options: LoopOptions): Promise<LoopOutcome> {
  const latenciesMs = new Float64Array(options.count);
  let sent = 0;
  let bytes = 0;
  const lane = (connection: HttpConnection): Promise<void> => new Promise((resolve, reject) => {
    let status = 0;
    let started = 0;
    let index = 0;
    let unexpected = '';
    const next = (): void => {
      if (sent >= options.count) {
        resolve();
        return;
      }
      index = sent++;
      started = performance.now();
      connection.send(options.requests.number(options.first + index), sink, reject);
    };
    const sink = {
      onHead: (code: number) => (status = code),
      onBody: (data: Buffer) => {
        bytes += data.length;
        if (status !== options.expectStatus && unexpected.length < shownBytes) unexpected += data.toString();
      },
      onEnd: () => {
        latenciesMs[index] = performance.now() - started;
        if (status === options.expectStatus) next();
        else reject(new Error(`request ${options.first + index} was answered with ${status}: ${unexpected.slice(0, shownBytes)}`));
      },
    };
    next();
  });
  await Promise.all(connections.map(lane));
  return { latenciesMs, bytes };
}
