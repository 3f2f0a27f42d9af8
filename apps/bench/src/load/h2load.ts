import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantile } from '../report/quantile';
import { runTool, type ToolLoad, type ToolResult } from './load-tool';

/** HTTP/2, as client-go speaks it: one connection, with as many requests under way as there are clients. With a body they are POSTs of JSON. */
export async function runH2load(h2load: string, { url, clients, seconds, token, body }: ToolLoad & { readonly body?: string }, signal: AbortSignal): Promise<ToolResult> {
  const directory = await mkdtemp(join(tmpdir(), 'navarch-h2load-'));
  try {
    const [log, data] = [join(directory, 'log'), join(directory, 'body.json')];
    if (body !== undefined) await writeFile(data, body);
    const post = body === undefined ? [] : ['-d', data, '-H', 'Content-Type: application/json'];
    const args = ['-t1', '-c1', `-m${clients}`, `-D${seconds}`, '--warm-up-time=1', `--log-file=${log}`, '-H', `Authorization: Bearer ${token}`, ...post, url];
    const { stdout, cpuSeconds } = await runTool(h2load, args, signal);
    return { ...parseH2load(stdout, await readFile(log, 'utf8')), clientCpuSeconds: cpuSeconds };
  } finally {
    await rm(directory, { recursive: true });
  }
}

/**
 * @param output what h2load printed
 * @param log its log: a line for each request: when it began, its status, how many microseconds it took, parted by tabs
 * @throws when requests failed: a rate of errors is no result
 */
export function parseH2load(output: string, log: string): Omit<ToolResult, 'clientCpuSeconds'> {
  const rate = /finished in [\d.]+\w+, ([\d.]+) req\/s/.exec(output);
  const counts = /(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(output);
  if (rate === null || counts === null) throw new Error(`h2load printed something unknown:\n${output}`);
  const [succeeded = 0, ...bad] = counts.slice(1).map(Number);
  if (succeeded === 0 || bad.some((count) => count > 0)) throw new Error(`h2load saw errors:\n${output}`);
  const tookMs = log.trim().split('\n').map((line) => Number(line.split('\t')[2]) / 1000);
  return { requests: succeeded, perSecond: Number(rate[1]), p50Ms: quantile(tookMs, 0.5), p99Ms: quantile(tookMs, 0.99) };
}
