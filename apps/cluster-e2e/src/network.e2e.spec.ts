import { TestCluster } from './harness/cluster';
import { network } from './suites/network';
import { proxyModes } from './suites/proxy-modes';

jest.setTimeout(120_000);

/** Each node carries Services by a back end of its own. */
const cluster = new TestCluster('e2e-network', ['--flag', 'proxy@node-2:--proxy-mode=iptables']);

beforeAll(async () => {
  await cluster.up();
}, 300_000);

afterAll(() => cluster.down('--purge'));

describe('the network of a real cluster', () => {
  network(cluster);
});

describe('its nodes, of which each has a proxy of another kind', () => {
  proxyModes(cluster);
});
