import { apiMachinery } from '../conformance/api-machinery';
import { apps } from '../conformance/apps';
import { useConformingApi } from '../conformance/conforming-api';
import { garbageCollector } from '../conformance/garbage-collector';
import { network } from '../conformance/network';
import { node } from '../conformance/node';
import { scheduling } from '../conformance/scheduling';
import type { RunningCluster } from '../harness/cluster';

/**
 * What upstream's conformance tests ask for (test/conformance/testdata/conformance.yaml), in words and steps of our own, as far as
 * simulated containers on nodes `node-1` and `node-2` can show it and no other suite does: kubectl's part, custom resources, webhooks,
 * DNS and packets have their own.
 */
export function conformance(cluster: RunningCluster): void {
  const api = useConformingApi(cluster);

  describe('API machinery', () => apiMachinery(api));
  describe('garbage collection', () => garbageCollector(api));
  describe('workloads', () => apps(api));
  describe('network', () => network(api));
  describe('nodes', () => node(api));
  describe('scheduling', () => scheduling(api));
}
