import { execFile, spawnSync } from 'node:child_process';

export interface WrkResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly clientCpuSeconds: number;
}

/** The program's path; undefined where it is not installed. */
export function findWrk(): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', 'command -v wrk'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

export function runWrk(wrk: string, options: { url: string; connections: number; seconds: number; token: string }, signal: AbortSignal): Promise<WrkResult> {
  const args = ['-t1', `-c${options.connections}`, `-d${options.seconds}s`, '--latency', '-H', `Authorization: Bearer ${options.token}`, options.url];
  return new Promise((resolve, reject) => {
    // The shell's `times` is the only one that tells what a child cost.
    execFile('sh', ['-c', '"$@"; times', 'sh', wrk, ...args], { signal }, (error, stdout) => {
      if (error !== null) reject(new Error('wrk failed', { cause: error }));
      else {
        try {
          resolve(parseWrk(stdout));
        } catch (cause) {
          reject(cause instanceof Error ? cause : new Error(String(cause)));
        }
      }
    });
  });
}

/** @throws when requests failed: a rate of errors is no result */
export function parseWrk(output: string): WrkResult {
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`wrk saw errors:\n${output}`);
  const find = (pattern: RegExp): RegExpExecArray => {
    const found = pattern.exec(output);
    if (found === null) throw new Error(`wrk printed something unknown:\n${output}`);
    return found;
  };
  const [, minutes = '', seconds = '', systemMinutes = '', systemSeconds = ''] = find(/(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/);
  return {
    requests: Number(find(/(\d+) requests in/)[1]),
    perSecond: Number(find(/Requests\/sec:\s+([\d.]+)/)[1]),
    p50Ms: milliseconds(find(/50%\s+([\d.]+)(us|ms|s)/)),
    p99Ms: milliseconds(find(/99%\s+([\d.]+)(us|ms|s)/)),
    clientCpuSeconds: (Number(minutes) + Number(systemMinutes)) * 60 + Number(seconds) + Number(systemSeconds),
  };
}

function milliseconds([, value, unit]: RegExpExecArray): number {
  return Number(value) * (unit === 'us' ? 0.001 : unit === 'ms' ? 1 : 1000);
}
