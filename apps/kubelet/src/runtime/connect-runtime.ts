import { type KubeletConfig } from '../config';
import { type KubeletMetrics } from '../kubelet-metrics';
import { RemoteRuntime } from './remote-runtime';

/** The runtime that the flags name, each of its calls counted. Nothing is connected before the first. */
export function connectRuntime(config: Pick<KubeletConfig, 'containerRuntimeEndpoint' | 'imageServiceEndpoint' | 'runtimeRequestTimeout'>, metrics: KubeletMetrics): RemoteRuntime {
  return new RemoteRuntime({
    endpoint: config.containerRuntimeEndpoint, imageEndpoint: config.imageServiceEndpoint, requestTimeoutMs: config.runtimeRequestTimeout,
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
