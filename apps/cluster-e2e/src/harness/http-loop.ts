import { PassThrough } from 'node:stream';
import { run } from './shell';

export interface LoopResult {
  readonly requests: number;
  /** When which request got no good answer, by all that it tried. */
  readonly failures: readonly string[];
  /** When which first attempts failed, in milliseconds since the epoch. */
  readonly repeated: readonly number[];
  /** Longest time until a request was answered. */
  readonly slowestMs: number;
}

/** A loop that nobody stops ends by itself. */
const longestMs = 30 * 60_000;
const attemptMs = { once: 3_000, repeating: 1_000 } as const;
/** Attempts of a client that repeats. */
const attempts = 30;

/**
 * New connections at about 50 a second until stopped; counts what fails. Runs where `prefix`, a command that runs another, puts it.
 * With several URLs, of one service at several nodes, a request that fails is repeated at the next of them, as clients with more than one address do.
 */
export function httpLoop(url: string | readonly string[], prefix: readonly string[] = []): { stop(): Promise<LoopResult> } {
  const [urls, tries, timeoutMs] = typeof url === 'string' ? [[url], 1, attemptMs.once] : [url, attempts, attemptMs.repeating];
  // One process: starting a client for each request would measure the machine, not the service.
  const script = `
    const http = require('node:http');
    const urls = ${JSON.stringify(urls)};
    let requests = 0, slowestMs = 0, stopping = false; const failures = [], repeated = [];
    process.stdin.on('end', () => { stopping = true; }).resume();
    const attempt = (url) => new Promise((done, fail) => {
      const call = http.get(url, { agent: false, timeout: ${timeoutMs} }, (answer) => {
        answer.resume();
        answer.on('end', () => (answer.statusCode === 200 ? done() : fail(new Error(String(answer.statusCode)))));
        answer.on('error', fail);
      });
      call.on('timeout', () => call.destroy(new Error('timeout')));
      call.on('error', fail);
    });
    const one = async () => {
      const start = Date.now();
      for (let n = 0; ; n++) {
        const began = Date.now();
        try {
          await attempt(urls[n % urls.length]);
          slowestMs = Math.max(slowestMs, Date.now() - start);
          return;
        } catch (error) {
          if (n === 0) repeated.push(began);
          if (n + 1 === ${tries}) { failures.push(new Date().toISOString() + ' ' + error.message); return; }
          // What is refused at once is not asked at once again.
          await new Promise((r) => setTimeout(r, Math.max(0, 200 - (Date.now() - began))));
        }
      }
    };
    (async () => { const open = new Set(); while (!stopping) { requests++; const p = one(); open.add(p); p.then(() => open.delete(p)); await new Promise((r) => setTimeout(r, 20)); } await Promise.all(open); console.log(JSON.stringify({ requests, failures, repeated, slowestMs })); process.exit(0); })();
  `;
  const [command, ...args] = [...prefix, process.execPath, '-e', script];
  const input = new PassThrough();
  const done = run(command, args, { inputStream: input, timeoutMs: longestMs });
  return {
    stop: async () => {
      input.end();
      const { stdout, stderr } = await done;
      if (stdout === '') throw new Error(`the request loop failed: ${stderr}`);
      return JSON.parse(stdout) as LoopResult;
    },
  };
}
