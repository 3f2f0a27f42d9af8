import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { LineChild } from '../network/line-child';
import type { Figure } from '../report/figure';
import type { Scenario } from './scenario';

const endpointsEach = 4;
const clusterCidrs = ['10.244.0.0/16'];

/** A port as the data plane's protocol writes it in JSON. */
const servicePort = (index: number, generation = 0): object => ({
  id: `bench/s${index}:`, protocol: 'PROTOCOL_TCP', addresses: [`10.${96 + (index >> 16)}.${(index >> 8) & 0xff}.${index & 0xff}`], port: 80,
  endpoints: Array.from({ length: endpointsEach }, (_, at) => {
    const pod = index * endpointsEach + at + (at === 0 ? generation * 7 : 0);
    return { address: `10.244.${(pod >> 8) & 0xff}.${pod & 0xff}`, port: 8080 + (pod >> 16) };
  }),
});

/** The proxy's back end for nftables, in a network namespace of its own: the kernel's part of a change. */
export const proxy: Scenario = {
  name: 'proxy',
  what: 'rules of Services in nftables (needs root)',
  run: async (context) => {
    const { root, sizes, signal } = context;
    const { services, changes } = sizes.proxy;
    await context.quiet();
    const full = await inNamespace(root, services, changes, signal);
    const few = await inNamespace(root, Math.ceil(services / 10), changes, signal);
    const what = `${services} services, ${services * endpointsEach} endpoints in nftables`;
    return [
      { scenario: 'proxy', what: `full load of ${what}`, value: full.loadSeconds, unit: 's' },
      {
        scenario: 'proxy', what: `one endpoint's change in the kernel (median of ${changes}) with ${what}`, value: full.changeMs, unit: 'ms',
        reference: { what: `the same with ${Math.ceil(services / 10)} services`, value: few.changeMs },
      },
    ] satisfies Figure[];
  },
};

async function inNamespace(root: string, services: number, changes: number, signal: AbortSignal): Promise<{ loadSeconds: number; changeMs: number }> {
  const netns = `nvbench-${process.pid}`;
  execFileSync('ip', ['netns', 'add', netns]);
  const plane = new LineChild('ip', [
    'netns',
    'exec',
    netns,
    process.execPath,
    join(root, 'apps/proxy/dist/backends/testing/data-plane-process.js'),
    'nftables',
    JSON.stringify({ clusterCidrs, nodePortAddresses: [] }),
  ]);
  let sequence = 0;
  const sync = async (request: object): Promise<number> => {
    signal.throwIfAborted();
    const line = JSON.stringify({ sequence: String(++sequence), ...request });
    const started = performance.now();
    const { failure } = JSON.parse(await plane.ask(line)) as { failure: string };
    if (failure !== '') throw new Error(`the data plane failed: ${failure}`);
    return performance.now() - started;
  };
  try {
    // The process has started and compiled what it needs.
    await sync({ reset: true, upsert: [servicePort(0)] });
    const loadMs = await sync({ reset: true, upsert: Array.from({ length: services }, (_, index) => servicePort(index)) });
    const times: number[] = [];
    for (let change = 0; change < changes; change++) times.push(await sync({ upsert: [servicePort((change * 37) % services, change + 1)] }));
    return { loadSeconds: loadMs / 1000, changeMs: times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN };
  } finally {
    await plane.stop();
    execFileSync('ip', ['netns', 'delete', netns]);
  }
}
