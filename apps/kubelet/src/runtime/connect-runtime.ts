import { type KubeletConfig } from '../config';
import { type KubeletMetrics } from '../kubelet-metrics';
import { type CriClients } from './cri-clients';
import { CriRuntime } from './cri-runtime';
import { remoteCriClients } from './remote-clients';

/** The runtime that the flags name, each of its calls counted. Nothing is connected before the first. */
export function connectRuntime(config: Pick<KubeletConfig, 'containerRuntimeEndpoint' | 'imageServiceEndpoint' | 'runtimeRequestTimeout'>, metrics: KubeletMetrics): CriRuntime {
  return countedRuntime(remoteCriClients({ endpoint: config.containerRuntimeEndpoint, imageEndpoint: config.imageServiceEndpoint }), config, metrics);
}

/** A runtime each of whose calls is counted. */
export function countedRuntime(clients: CriClients, { runtimeRequestTimeout }: Pick<KubeletConfig, 'runtimeRequestTimeout'>, metrics: KubeletMetrics): CriRuntime {
  return new CriRuntime(clients, {
    requestTimeoutMs: runtimeRequestTimeout,
    onCall: (operation, seconds, failed) => {
      metrics.runtimeOperations.inc({ operation_type: operation });
      if (failed) metrics.runtimeErrors.inc({ operation_type: operation });
      metrics.runtimeSeconds.observe({ operation_type: operation }, seconds);
    },
    onSandbox: (handler, seconds, failed) => {
      if (failed) metrics.sandboxErrors.inc({ runtime_handler: handler });
      metrics.sandboxSeconds.observe({ runtime_handler: handler }, seconds);
    },
  });
}
