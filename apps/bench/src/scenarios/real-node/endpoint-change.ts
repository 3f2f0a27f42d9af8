import { systemClock } from '@navarch/clock';
import { NftMonitor } from '../../network/nft-monitor';
import { quantile } from '../../report/quantile';
import { node, type NodeContext, type NodeScenario } from './node-scenario';

const namespace = 'bench-endpoints';
const endpointsEach = 4;
/** Beside each other, as what is created shares the writes of etcd. */
const connections = 16;
/** How long a change is waited for before it is written again, while monitor and proxy warm up. */
const warmUpMs = 1_000;

/** From the write of an EndpointSlice, through apiserver, bus and proxy, until the node's kernel has the new endpoint; with a tenth of the Services, then with all. */
export const endpointChange: NodeScenario = {
  name: 'endpoint-change',
  what: 'from the write of an EndpointSlice to the kernel',
  run: async (context) => {
    const { api, cluster, signal, sizes: { proxy: { services, changes } } } = context;
    await api.namespace(namespace);
    const few = Math.ceil(services / 10);
    const monitor = new NftMonitor(cluster.pid(`proxy@${node}`), signal);
    try {
      await createServices(context, 0, few);
      const endpoints = new EndpointChanges(context, monitor);
      await endpoints.warmUp();
      const withFew = await endpoints.measure(few, changes);
      await createServices(context, few, services);
      const withAll = await endpoints.measure(services, changes);
      return [{
        scenario: 'endpoint-change', what: `write of an EndpointSlice to the kernel (p50 of ${changes}), ${services} services, ${services * endpointsEach} endpoints`, value: quantile(withAll, 0.5), unit: 'ms',
        reference: { what: `the same with ${few} services`, value: quantile(withFew, 0.5) }, detail: { p99: quantile(withAll, 0.99) },
      }];
    } finally {
      await monitor.stop();
      await api.send('DELETE', `/api/v1/namespaces/${namespace}`);
    }
  },
};

/** Of the first endpoint of a Service, once for each generation; the others keep theirs. Nobody has these addresses. */
function addresses(service: number, generation: number): string[] {
  const number = service * endpointsEach;
  const address = (first: number, value: number): string => `10.${first}.${(value >> 8) & 0xff}.${value & 0xff}`;
  return Array.from({ length: endpointsEach }, (_, at) => (at === 0 && generation > 0 ? address(180 + (generation >> 16), generation) : address(200 + ((number + at) >> 16), number + at)));
}

const slice = (service: number, generation: number): object => ({
  apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: `s-${service}`, labels: { 'kubernetes.io/service-name': `s-${service}` } },
  addressType: 'IPv4', ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints: addresses(service, generation).map((address) => ({ addresses: [address], conditions: { ready: true } })),
});

/** Services without a selector, so that their slices are ours to write. */
async function createServices({ api, cluster, signal }: NodeContext, from: number, to: number): Promise<void> {
  await api.forEach(from, to, connections, async (index, lane) => {
    await lane.send('POST', `/api/v1/namespaces/${namespace}/services`, { apiVersion: 'v1', kind: 'Service', metadata: { name: `s-${index}` }, spec: { ports: [{ port: 80 }] } });
    await lane.send('POST', `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, slice(index, 0));
  });
  await cluster.settle(signal);
}

/** Writes changes of endpoints, each to an address that none had before, and tells how long they take to the kernel. */
class EndpointChanges {
  #generation = 0;

  constructor(private readonly context: NodeContext, private readonly monitor: NftMonitor) {}

  /** Until a first change is seen: who watches the kernel does not say when it has begun. */
  async warmUp(): Promise<void> {
    const { signal } = this.context;
    for (;;) {
      const seen = await Promise.race([this.#changeMs(0), systemClock.sleep(warmUpMs, signal).then(() => undefined)]);
      if (seen !== undefined) return;
    }
  }

  /** Milliseconds of so many changes, one after the other, of so many Services. */
  async measure(services: number, changes: number): Promise<number[]> {
    await this.context.quiet();
    const took: number[] = [];
    for (let change = 0; change < changes; change++) took.push(await this.#changeMs((change * 37) % services));
    return took;
  }

  async #changeMs(service: number): Promise<number> {
    this.#generation += 1;
    const [address = ''] = addresses(service, this.#generation);
    const seen = this.monitor.sees(`${address} `);
    const writtenMs = performance.now();
    await this.context.api.send('PUT', `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices/s-${service}`, slice(service, this.#generation));
    return (await seen) - writtenMs;
  }
}
