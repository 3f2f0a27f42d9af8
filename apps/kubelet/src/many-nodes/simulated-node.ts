import { EventRecorder } from '@navarch/reconcile';
import { Registry } from 'prom-client';
import { ApiEventSink } from '../events/api-event-sink';
import { ImageMetrics } from '../images/image-metrics';
import { Kubelet } from '../kubelet';
import { type KubeletDeps } from '../kubelet-deps';
import { type KubeletOptions } from '../kubelet-options';
import { PodCertificateMetrics } from '../pod-certificates/certificate-metrics';
import { PluginMetrics } from '../plugins/plugin-metrics';
import { ResizeMetrics } from '../pods/resize-metrics';
import { NoMounter } from '../volumes/mounter';
import { StorageMetrics } from '../volumes/storage-metrics';

/** A node that shares all but its runtime with the others of its process: it touches neither mounts nor control groups, and opens no sockets. */
export function simulatedNode(options: KubeletOptions, deps: Pick<KubeletDeps, 'runtime' | 'client' | 'informers' | 'metrics' | 'clock' | 'log' | 'onCrash'>): Kubelet {
  const { client, clock } = deps;
  const { name } = options.identity;
  const log = deps.log.child({ node: name });
  // What shows a node as it is when somebody looks cannot show many: what is counted adds up.
  const shown = new Registry();
  const metrics = {
    ...deps.metrics,
    images: new ImageMetrics(shown),
    plugins: new PluginMetrics(shown),
    resizes: new ResizeMetrics(shown),
    storage: new StorageMetrics(shown),
    podCertificates: new PodCertificateMetrics(shown),
  };
  return new Kubelet({ ...options, servesPlugins: false }, {
    ...deps, log, metrics, mounter: new NoMounter(), cgroups: undefined,
    events: new ApiEventSink(name, new EventRecorder({ component: 'kubelet', host: name }, { api: client, clock, log })),
  });
}
