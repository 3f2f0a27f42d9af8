import { join } from 'node:path';
import { core, discovery, networking, type corev1, type discoveryv1, type networkingv1 } from '@navarch/api';
import { SimulatedServer } from '@navarch/client/testing';
import { addressOf, bundle, eventually, forwardTo, makeTempDir, NamespaceProcess, nodeAddress, NodeNetwork, type Place, type Target, type TempDir } from '@navarch/testing';

/** The whole proxy, as a node runs it: a process that follows an API, on a node of one zone with pods of its own and of another node. */
const network = new NodeNetwork(`npp${process.pid % 10_000}`);
const apiserverPort = 6443;
const web: Target = { address: '10.96.0.7', port: 80 };
const nodePort: Target = { address: nodeAddress, port: 30_080 };
const healthCheck: Target = { address: nodeAddress, port: 32_080, send: 'GET /healthz HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n' };
const nodes: Readonly<Record<string, string>> = { a: 'node-1', b: 'node-1', remote: 'node-2' };
/** Enough that two endpoints chosen at random are both met. */
const often = 16;

const node = (name: string, zone: string): corev1.Node => ({ metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } } });
const service = (spec: Partial<corev1.ServiceSpec> = {}): corev1.Service => ({
  metadata: { namespace: 'default', name: 'web' },
  spec: { type: 'LoadBalancer', clusterIP: web.address, clusterIPs: [web.address], ports: [{ port: 80, protocol: 'TCP', nodePort: 30_080 }], externalTrafficPolicy: 'Local', healthCheckNodePort: 32_080, ...spec },
});
const endpoint = (place: Place, over: Partial<discoveryv1.Endpoint> = {}): discoveryv1.Endpoint => ({ addresses: [addressOf(place)], nodeName: nodes[place] ?? '', conditions: { ready: true, serving: true, terminating: false }, ...over });
const going = (serving: boolean): Partial<discoveryv1.Endpoint> => ({ conditions: { ready: false, serving, terminating: true } });
const forZone = (name: string): Partial<discoveryv1.Endpoint> => ({ hints: { forZones: [{ name }] } });
const forNode = (name: string): Partial<discoveryv1.Endpoint> => ({ hints: { forNodes: [{ name }] } });

let directory: TempDir;
let server: SimulatedServer;
let forwarder: NamespaceProcess | undefined;
beforeAll(async () => {
  directory = await makeTempDir();
  server = new SimulatedServer(directory.path);
  await Promise.all([server.start(), network.start()]);
  forwarder = forwardTo(network.node, apiserverPort, server.socket);
  for (const one of [node('node-1', 'east'), node('node-2', 'west')]) server.api.create(core.nodes, '', one);
  server.api.create(networking.servicecidrs, '', { metadata: { name: 'kubernetes' }, spec: { cidrs: ['10.96.0.0/12'] } } as networkingv1.ServiceCIDR);
  server.api.create(core.services, 'default', service());
  server.api.create(discovery.endpointslices, 'default', {
    metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ port: 8080, protocol: 'TCP' }],
    endpoints: [],
  } as discoveryv1.EndpointSlice);
}, 60_000);
afterAll(async () => {
  try {
    await forwarder?.stop();
    await Promise.all([server.stop(), network.stop()]);
  } finally {
    await directory.remove();
  }
});

describe.each(['nftables', 'iptables'])('the process of a proxy, by %s', (mode) => {
  let proxy: NamespaceProcess;
  beforeAll(() => {
    // What the kernel tracks is the whole machine's.
    const flags = ['--hostname-override=node-1', `--proxy-mode=${mode}`, '--conntrack-max-per-core=0', '--conntrack-tcp-timeout-established=0', '--conntrack-tcp-timeout-close-wait=0', ...server.flags(apiserverPort)];
    proxy = new NamespaceProcess(network.node, [bundle(join(__dirname, 'main.ts')), ...flags]);
  });
  afterAll(() => proxy.stop());

  const has = (...endpoints: discoveryv1.Endpoint[]): void => void server.api.patch(discovery.endpointslices, 'default', 'web-1', '', { endpoints });
  const ask = async (from: Place | 'node', target: Target, times = often): Promise<string[]> => [...new Set((await network.ask(from, target, times)).map((answer) => answer.split(' ')[0] ?? ''))].sort();
  const eventuallyMeets = async (from: Place | 'node', target: Target, ...places: string[]): Promise<void> => {
    await eventually(async () => {
      const [first = ''] = await ask(from, target, 1);
      // Silence takes long: it is not met many times.
      const met = places.includes(first) ? await ask(from, target) : [first];
      if (met.join() !== places.join()) throw new Error(`met ${met.join()} instead of ${places.join()}; the proxy says: ${proxy.output}`);
      return true;
    });
  };
  /** Status, count and weight of what a load balancer is told. */
  const health = async (): Promise<unknown[]> => {
    const [answer = ''] = await network.ask('outside', healthCheck);
    const [head = '', body = '{}'] = answer.split('\r\n\r\n');
    const { localEndpoints } = JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)) as { localEndpoints?: number };
    return [Number(head.split(' ')[1]), localEndpoints, /x-load-balancing-endpoint-weight: (\d+)/i.exec(head)?.[1]];
  };
  const eventuallyTells = (...told: unknown[]): Promise<boolean> => eventually(async () => {
    expect(await health()).toEqual(told);
    return true;
  });

  it('tells load balancers by the health check node port how many ready endpoints the node has', async () => {
    has(endpoint('a'), endpoint('b'), endpoint('remote'));
    await eventuallyMeets('outside', nodePort, 'a', 'b');
    await eventuallyTells(200, 2, '2');
    has(endpoint('remote'));
    await eventuallyTells(503, 0, '0');
    expect(await ask('outside', nodePort, 1)).toEqual(['silent']);
    // Its last endpoint here goes: whoever comes is served, but nobody shall be sent.
    has(endpoint('a', going(true)), endpoint('remote'));
    await eventuallyMeets('outside', nodePort, 'a');
    expect(await health()).toEqual([503, 0, '0']);
    server.api.patch(core.services, 'default', 'web', '', { spec: { externalTrafficPolicy: 'Cluster', healthCheckNodePort: null } });
    await eventuallyMeets('outside', nodePort, 'remote');
    await eventually(async () => {
      expect(await ask('outside', healthCheck, 1)).toEqual(['ECONNREFUSED']);
      return true;
    });
    server.api.patch(core.services, 'default', 'web', '', { spec: { externalTrafficPolicy: 'Local', healthCheckNodePort: 32_080 } });
    await eventuallyTells(503, 0, '0');
  });

  it('keeps to the endpoints that are meant for its zone or node, and follows the node into another zone', async () => {
    has(endpoint('a', forZone('east')), endpoint('b', forZone('west')), endpoint('remote', forZone('west')));
    await eventuallyMeets('node', web, 'a');
    server.api.patch(core.nodes, '', 'node-1', '', { metadata: { labels: { 'topology.kubernetes.io/zone': 'west' } } });
    await eventuallyMeets('node', web, 'b', 'remote');
    server.api.patch(core.nodes, '', 'node-1', '', { metadata: { labels: { 'topology.kubernetes.io/zone': 'east' } } });
    await eventuallyMeets('node', web, 'a');
    // Half-written hints are not followed, nor those that would leave the zone without anybody.
    has(endpoint('a', forZone('east')), endpoint('remote'));
    await eventuallyMeets('node', web, 'a', 'remote');
    has(endpoint('b', forZone('west')), endpoint('remote', forZone('west')));
    await eventuallyMeets('node', web, 'b', 'remote');
    has(endpoint('b', { hints: { ...forZone('east').hints, ...forNode('node-1').hints } }), endpoint('remote', { hints: { ...forZone('east').hints, ...forNode('node-2').hints } }));
    await eventuallyMeets('node', web, 'b');
  });

  it('sends nothing to endpoints that are going away as long as others are ready, and refuses when none serves any more', async () => {
    has(endpoint('a', going(true)), endpoint('b'));
    await eventuallyMeets('node', web, 'b');
    has(endpoint('a', going(true)), endpoint('b', going(true)), endpoint('remote', going(false)));
    await eventuallyMeets('node', web, 'a', 'b');
    has(endpoint('a', going(true)), endpoint('b', going(false)));
    await eventuallyMeets('node', web, 'a');
    has(endpoint('a', going(false)));
    await eventuallyMeets('node', web, 'ECONNREFUSED');
  });

  it.each([10_249, 10_256])('tells health, metrics and its mode on port %i of the node\'s loopback', async (port) => {
    const get = async (path: string): Promise<string> => (await network.ask('node', { address: '127.0.0.1', port, send: `GET ${path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n` })).join();
    expect(await get('/proxyMode')).toMatch(new RegExp(`^HTTP/1.1 200 [^]*${mode}`));
    expect(await get('/healthz')).toContain('lastUpdated');
    expect(await get('/metrics')).toContain('kubeproxy_');
  });

  if (mode === 'nftables') it('knows where Services have their addresses from, and follows that', async () => {
    const ranges = (): string => network.run('nft list set ip navarch-proxy service-ranges').replace(/\s+/g, ' ');
    expect(ranges()).toContain('elements = { 10.96.0.0/12 }');
    server.api.create(networking.servicecidrs, '', { metadata: { name: 'more' }, spec: { cidrs: ['10.200.0.0/16', 'fd00:200::/112'] } } as networkingv1.ServiceCIDR);
    await eventually(() => ranges().includes('elements = { 10.96.0.0/12, 10.200.0.0/16 }'));
    has(endpoint('a'));
    await eventuallyMeets('node', web, 'a');
  });
});
