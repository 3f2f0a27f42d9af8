import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningCluster } from '../harness/cluster';
import { useNamespace } from '../harness/use-namespace';

/** What only this extender looks after. */
const resource = 'example.com/extended';

/** An HTTP extender that leaves only `node-2`, and remembers which pods it was asked about. */
export class NodeTwoExtender {
  readonly asked: string[] = [];
  readonly #server: Server;

  /** @param host the address of this machine at which the scheduler reaches it */
  constructor(private readonly host = '127.0.0.1') {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
        const { Pod, NodeNames } = JSON.parse(body) as { Pod: { metadata: { name: string } }; NodeNames: string[] };
        this.asked.push(Pod.metadata.name);
        const others = NodeNames.filter((name) => name !== 'node-2');
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ NodeNames: NodeNames.filter((name) => name === 'node-2'), FailedNodes: Object.fromEntries(others.map((name) => [name, 'is not node-2'])) }));
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, this.host, resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** For the scheduler's configuration: the extender, and a profile `gangs`. */
  configure(configuration: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${configuration}
  - schedulerName: gangs
    plugins:
      multiPoint:
        enabled: [{name: GangScheduling}]
extenders:
  - urlPrefix: http://${this.host}:${port}
    filterVerb: filter
    nodeCacheCapable: true
    managedResources: [{name: ${resource}, ignoredByScheduler: true}]
`;
  }
}

/** What a cluster with nodes `node-1` and `node-2` promises whose scheduler was configured by `NodeTwoExtender`. */
export function schedulerConfiguration(cluster: RunningCluster, extender: NodeTwoExtender): void {
  const { kubectl, apply } = useNamespace(cluster, 'configured');
  const field = (what: string, path: string): Promise<string> => kubectl(`get ${what} -o 'jsonpath={${path}}'`);
  const pod = (name: string, spec: object, metadata: object = {}): object => ({
    apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'navarch.local/web:1' }], ...spec },
  });

  it('asks an HTTP extender about pods that want what it looks after, and about no others', async () => {
    await apply(pod('plain', {}));
    for (const name of ['first', 'second']) await apply(pod(name, { containers: [{ name: 'main', image: 'navarch.local/web:1', resources: { limits: { [resource]: '1' } } }] }));
    await kubectl('wait pod/plain pod/first pod/second --for=condition=PodScheduled --timeout=180s');
    expect(await field('pod first second', '.items[*].spec.nodeName')).toBe('node-2 node-2');
    expect(new Set(extender.asked)).toEqual(new Set(['first', 'second']));
  });

  it('places the pods of a gang together, or none of them', async () => {
    const member = (name: string): object => pod(name, { schedulerName: 'gangs' }, { labels: { 'scheduling.x-k8s.io/pod-group': 'crew' }, annotations: { 'scheduling.navarch.io/min-count': '2' } });
    await apply(member('crew-1'));
    await cluster.until(async () =>
      expect(await field('pod crew-1', '.status.conditions[?(@.type=="PodScheduled")].message')).toContain(
        'waiting for minCount pods from a gang to appear in scheduling queue',
      ),
    );
    await apply(member('crew-2'));
    await kubectl('wait pod/crew-1 pod/crew-2 --for=condition=PodScheduled --timeout=180s');
  });
}
