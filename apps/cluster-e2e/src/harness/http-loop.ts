import { PassThrough } from 'node:stream';
import { run } from './shell';

export interface LoopResult {
  readonly requests: number;
  readonly failures: readonly string[];
}

/** A loop that nobody stops ends by itself. */
const longestMs = 20 * 60_000;

/** New connections at about 50 a second until stopped; counts what fails. Runs where `prefix`, a command that runs another, puts it. */
export function httpLoop(url: string, prefix: readonly string[] = []): { stop(): Promise<LoopResult> } {
  // One process: starting a client for each request would measure the machine, not the service.
  const script = `
    const http = require('node:http');
    let n = 0; const failures = []; let stopping = false;
    process.stdin.on('end', () => { stopping = true; }).resume();
    const one = () => new Promise((done) => {
      const call = http.get(${JSON.stringify(url)}, { agent: false, timeout: 3000 }, (answer) => { answer.resume(); answer.on('end', () => { if (answer.statusCode !== 200) failures.push(new Date().toISOString() + ' ' + answer.statusCode); done(); }); answer.on('error', (e) => { failures.push(new Date().toISOString() + ' ' + e.message); done(); }); });
      call.on('timeout', () => call.destroy(new Error('timeout')));
      call.on('error', (e) => { failures.push(new Date().toISOString() + ' ' + e.message); done(); });
    });
    (async () => { const open = new Set(); while (!stopping) { n++; const p = one(); open.add(p); p.then(() => open.delete(p)); await new Promise((r) => setTimeout(r, 20)); } await Promise.all(open); console.log(JSON.stringify({ requests: n, failures })); process.exit(0); })();
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
