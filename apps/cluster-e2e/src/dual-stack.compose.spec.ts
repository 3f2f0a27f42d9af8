import { ComposeCluster } from './harness/compose-cluster';
import { dualStack } from './suites/dual-stack';
import { network } from './suites/network';
import { proxyModes } from './suites/proxy-modes';

jest.setTimeout(300_000);

/** The minimal cluster and the second node of the full one. */
describe('a cluster of docker-compose of both families, with a proxy of another kind on each node', () => {
  const cluster = new ComposeCluster('dual', 'minimal')
    .with('tools/compose/two-nodes.yml', 'examples/dual-stack/docker-compose.override.yml', 'examples/swap/proxy/docker-compose.mixed.yml');

  beforeAll(async () => {
    await cluster.down('--purge');
    await cluster.up();
  });
  afterAll(() => cluster.down('--purge'));

  describe('has addresses of both:', () => dualStack(cluster));

  describe('mixes proxies:', () => proxyModes(cluster));

  describe('has the network of any:', () => network(cluster));
});
