import { ConformingApi } from './conformance/conforming-api';
import { lives } from './conformance-containers/lives';
import { surroundings } from './conformance-containers/surroundings';
import { traffic } from './conformance-containers/traffic';
import { volumes } from './conformance-containers/volumes';
import { ApiClient } from './harness/api-client';
import { TestCluster } from './harness/cluster';

jest.setTimeout(120_000);

/** What upstream's conformance tests ask for (test/conformance/testdata/conformance.yaml) of nodes, in words and steps of our own, where it takes real containers to see it. */
describe('a cluster of real containers conforms:', () => {
  const cluster = new TestCluster('e2e-containers', []);
  let client: ApiClient;
  let conforming: ConformingApi;
  const api = (): ConformingApi => conforming;
  beforeAll(async () => {
    await cluster.launcher('down', '--purge');
    await cluster.up();
    client = new ApiClient(cluster.kubeconfig);
    conforming = new ConformingApi(client, cluster);
  }, 300_000);
  afterAll(async () => {
    client.close();
    await cluster.down('--purge');
  });

  describe('the lives of containers', () => lives(api));
  describe('what surrounds containers', () => surroundings(api));
  describe('volumes', () => volumes(api));
  describe('traffic', () => traffic(api));
});
