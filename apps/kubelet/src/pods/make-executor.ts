import { node as nodeApi, type corev1 } from '@navarch/api';
import { type Informer } from '@navarch/client';
import { type KubeletDeps } from '../kubelet-deps';
import { type ThisNode } from '../node/this-node';
import { PodExecutor, type PodExecutorDeps } from './pod-executor';
import { isStaticPod } from './pod-spec';

export interface ExecutorNeighbours extends Pick<PodExecutorDeps, 'images' | 'volumes' | 'directories' | 'cgroups' | 'data' | 'users' | 'devices' | 'claims' | 'placement'> {
  readonly thisNode: ThisNode;
  readonly allServices: Informer<corev1.Service>;
}

export function makeExecutor({ client, runtime, events, clock, log, metrics }: KubeletDeps, { thisNode, allServices, ...neighbours }: ExecutorNeighbours): PodExecutor {
  return new PodExecutor({
    runtime, events, clock, log, metrics, ...neighbours,
    node: () => thisNode.surroundings,
    services: (pod) => {
      if (!allServices.synced && !isStaticPod(pod)) throw new Error('services have not yet been read at least once, cannot construct envs');
      return allServices.list();
    },
    runtimeHandler: async (name) => (await client.get(nodeApi.runtimeclasses, { namespace: '', name })).handler,
  });
}
