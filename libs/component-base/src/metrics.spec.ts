import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createRegistry } from './metrics';

jest.mock('node:perf_hooks', () => {
  const real = jest.requireActual<{ monitorEventLoopDelay: typeof monitorEventLoopDelay }>('node:perf_hooks');
  return { ...real, monitorEventLoopDelay: jest.fn(real.monitorEventLoopDelay) };
});

describe('createRegistry', () => {
  it('tells of the process and of what was built', async () => {
    const text = await createRegistry().metrics();
    for (const name of ['process_cpu_seconds_total', 'nodejs_heap_size_used_bytes', 'nodejs_eventloop_lag_seconds', 'kubernetes_build_info{major="1",minor="36"']) expect(text).toContain(name);
  });

  it('prints metrics in the order of their names', async () => {
    const names = [...(await createRegistry().metrics()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(names).toEqual(names.toSorted());
  });

  it('wakes an idle process for no histogram of lag', async () => {
    const registry = createRegistry();
    expect(await registry.metrics()).not.toMatch(/nodejs_eventloop_lag_(min|max|mean|stddev|p\d+)_seconds/);
    const resolutions = jest.mocked(monitorEventLoopDelay).mock.calls.map(([options]) => options?.resolution ?? 10);
    expect(resolutions.filter((milliseconds) => milliseconds < 60_000)).toEqual([]);
  });
});
