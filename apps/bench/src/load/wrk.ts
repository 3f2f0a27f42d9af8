import { runTool, type ToolLoad, type ToolResult } from './load-tool';

/** HTTP/1.1: as many connections as clients, one request at a time on each. */
export async function runWrk(wrk: string, { url, clients, seconds, token }: ToolLoad, signal: AbortSignal): Promise<ToolResult> {
  const args = ['-t1', `-c${clients}`, `-d${seconds}s`, '--latency', '-H', `Authorization: Bearer ${token}`, url];
  const { stdout, cpuSeconds } = await runTool(wrk, args, signal);
  return { ...parseWrk(stdout), clientCpuSeconds: cpuSeconds };
}

/** @throws when requests failed: a rate of errors is no result */
export function parseWrk(output: string): Omit<ToolResult, 'clientCpuSeconds'> {
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`wrk saw errors:\n${output}`);
  const find = (pattern: RegExp): RegExpExecArray => {
    const found = pattern.exec(output);
    if (found === null) throw new Error(`wrk printed something unknown:\n${output}`);
    return found;
  };
  return {
    requests: Number(find(/(\d+) requests in/)[1]),
    perSecond: Number(find(/Requests\/sec:\s+([\d.]+)/)[1]),
    p50Ms: milliseconds(find(/50%\s+([\d.]+)(us|ms|s)/)),
    p99Ms: milliseconds(find(/99%\s+([\d.]+)(us|ms|s)/)),
  };
}

function milliseconds([, value, unit]: RegExpExecArray): number {
  return Number(value) * (unit === 'us' ? 0.001 : unit === 'ms' ? 1 : 1000);
}
