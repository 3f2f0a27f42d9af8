import { PassThrough } from 'node:stream';
import { run } from './shell';

export interface LoopResult {
  readonly requests: number;
  /** When which request got no good answer. */
  readonly failures: readonly string[];
}

/** A loop that nobody stops ends by itself. */
const longestMs = 30 * 60_000;
const attemptMs = 3_000;

/** New connections at about 50 a second until stopped; counts what fails, and repeats nothing. Runs where `prefix`, a command that runs another, puts it. */
export function httpLoop(url: string, prefix: readonly string[] = []): { stop(): Promise<LoopResult> } {
  // One process: starting a client for each request would measure the machine, not the service.
  const script = `
    const http = require('node:http');
    let requests = 0, stopping = false; const failures = [];
    process.stdin.on('end', () => { stopping = true; }).resume();
    const one = () => new Promise((done) => {
      const failed = (why) => { failures.push(new Date().toISOString() + ' ' + why); done(); };
      const call = http.get(${JSON.stringify(url)}, { agent: false, timeout: ${attemptMs} }, (answer) => {
        answer.resume();
        answer.on('end', () => (answer.statusCode === 200 ? done() : failed(answer.statusCode)));
        answer.on('error', (error) => failed(error.message));
      });
      call.on('timeout', () => call.destroy(new Error('timeout')));
      call.on('error', (error) => failed(error.message));
    });
    (async () => { const open = new Set(); while (!stopping) { requests++; const p = one(); open.add(p); p.then(() => open.delete(p)); await new Promise((r) => setTimeout(r, 20)); } await Promise.all(open); console.log(JSON.stringify({ requests, failures })); process.exit(0); })();
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
