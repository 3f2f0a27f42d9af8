import { closedLoop } from './closed-loop';
import { HttpConnection, type Target } from './http-connection';
import type { LoadJob, LoadResult } from './load-job';
import { NumberedRequests } from './request-template';
import { Watchers } from './watchers';

/** Handshakes side by side: servers bound them, and so do clients that behave. */
const handshakes = 16;

/**
 * Carries a job out in this process.
 * @param go called when all is connected and warm; the measurement begins when it resolves
 */
export async function runLoadJob(job: LoadJob, go: () => Promise<void>): Promise<LoadResult> {
  const requests = new NumberedRequests(job.request, job.spread);
  const connections = await openAll(job.target, job.connections);
  const watching = job.watch === undefined ? [] : await openAll(job.target, job.watch.watchers);
  try {
    const { first, warmUp, count, expectStatus } = job;
    await closedLoop(connections, { requests, first, count: warmUp, expectStatus });
    const watchers = job.watch === undefined ? undefined : new Watchers(job.watch);
    await watchers?.open(watching);
    await go();
    const cpu = process.cpuUsage();
    const started = performance.now();
    const { latenciesMs, bytes } = await closedLoop(connections, { requests, first: first + warmUp, count, expectStatus });
    const seconds = (performance.now() - started) / 1000;
    await watchers?.finish();
    const used = process.cpuUsage(cpu);
    latenciesMs.sort();
    return {
      requests: count, seconds,
      p50Ms: quantile(latenciesMs, 0.5), p99Ms: quantile(latenciesMs, 0.99), maxMs: quantile(latenciesMs, 1),
      bytes: bytes + (watchers?.bytes ?? 0),
      clientCpuSeconds: (used.user + used.system) / 1e6,
      ...(watchers === undefined ? {} : { watch: { events: watchers.events, seconds: (watchers.lastAt - started) / 1000 } }),
    };
  } finally {
    for (const connection of [...connections, ...watching]) connection.close();
  }
}

async function openAll(target: Target, count: number): Promise<HttpConnection[]> {
  const opened: HttpConnection[] = [];
  while (opened.length < count) {
    opened.push(...await Promise.all(Array.from({ length: Math.min(handshakes, count - opened.length) }, () => HttpConnection.open(target))));
  }
  return opened;
}

/** @param sorted ascending */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
