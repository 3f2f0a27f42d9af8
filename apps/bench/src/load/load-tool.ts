import { execFile, spawnSync } from 'node:child_process';

/** What a load generator is asked for. */
export interface ToolLoad {
  readonly url: string;
  /** Requests under way at any moment. */
  readonly clients: number;
  readonly seconds: number;
  readonly token: string;
}

export interface ToolResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly clientCpuSeconds: number;
}

/** The program's path; undefined where it is not installed. */
export function findTool(name: 'wrk' | 'h2load'): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs a load generator to its end. @throws with what it printed when it fails */
export function runTool(program: string, args: readonly string[], signal: AbortSignal): Promise<{ stdout: string; cpuSeconds: number }> {
  return new Promise((resolve, reject) => {
    // The shell's `times` is the only one that tells what a child cost.
    execFile('sh', ['-c', '"$@" || exit; times', 'sh', program, ...args], { signal, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(`${program} failed: ${stderr || stdout}`, { cause: error }));
      else resolve({ stdout, cpuSeconds: childSeconds(stdout) });
    });
  });
}

/** Processor seconds of the shell's children: the last line of its `times`, user and system. */
export function childSeconds(stdout: string): number {
  const [, minutes, seconds, systemMinutes, systemSeconds] = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(stdout) ?? [];
  if (systemSeconds === undefined) throw new Error(`the shell printed no times: ${stdout.slice(-200)}`);
  return (Number(minutes) + Number(systemMinutes)) * 60 + Number(seconds) + Number(systemSeconds);
}
