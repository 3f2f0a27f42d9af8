import { useConformingApi } from '../conformance/conforming-api';
import type { RunningCluster } from '../harness/cluster';
import { lives } from './conformance-containers/lives';
import { surroundings } from './conformance-containers/surroundings';
import { traffic } from './conformance-containers/traffic';
import { volumes } from './conformance-containers/volumes';

/** What upstream's conformance tests ask for (test/conformance/testdata/conformance.yaml) of nodes, in words and steps of our own, where it takes real containers to see it: of a cluster with nodes `node-1` and `node-2`, however it is run. */
export function conformanceContainers(cluster: RunningCluster): void {
  const api = useConformingApi(cluster);

  describe('the lives of containers', () => lives(api));
  describe('what surrounds containers', () => surroundings(api));
  describe('volumes', () => volumes(api));
  describe('traffic', () => traffic(api));

  it('removes all of it with its namespaces', () => api().removeNamespaces());
}
