import { defineFlags } from '@navarch/component-base';

const text = (help: string) => ({ type: 'string', withoutEffect: true, help } as const);
const truth = (help: string) => ({ type: 'boolean', withoutEffect: true, help } as const);

/** Flags of upstream's that manifests carry, about what this server has not, or does by itself. */
export const acceptedFlags = defineFlags({
  'aggregator-reject-forwarding-redirects': truth('Redirects of aggregated servers are handed on.'),
  'allow-metric-labels': text('Labels of metrics are from closed sets.'),
  'allow-metric-labels-manifest': text('Labels of metrics are from closed sets.'),
  'apiserver-count': text('Servers count by their leases.'),
  'contention-profiling': truth('There is no profiling.'),
  'default-watch-cache-size': text('See --watch-cache-history-bytes.'),
  'delete-collection-workers': text('Deletions of one moment commit together.'),
  'disabled-metrics': text('Metrics are all there.'),
  'enable-aggregator-routing': truth('Aggregated servers are called at their endpoints.'),
  'enable-garbage-collector': truth('Objects whose owners are gone are the controller-manager\'s.'),
  'etcd-count-metric-poll-period': text('Objects are counted as they change.'),
  'etcd-db-metric-poll-interval': text('The size is asked for with the metrics.'),
  'etcd-healthcheck-timeout': text('Checks wait as long as reads do.'),
  'etcd-readycheck-timeout': text('Checks wait as long as reads do.'),
  'kubelet-timeout': text('Calls of kubelets last as long as their requests.'),
  'lease-reuse-duration-seconds': text('Events that end at about the same time share a lease.'),
  'log-flush-frequency': text('Lines are written at once.'),
  'log-json-info-buffer-size': text('Lines are written at once.'),
  'log-json-split-stream': truth('There is one stream of lines.'),
  'log-text-info-buffer-size': text('Lines are written at once.'),
  'log-text-split-stream': truth('There is one stream of lines.'),
  'logging-format': text('Lines are JSON.'),
  'max-connection-bytes-per-sec': text('Connections have no limit of this kind.'),
  'permit-address-sharing': truth('Addresses are this server\'s alone.'),
  'permit-port-sharing': truth('Ports are this server\'s alone.'),
  'profiling': truth('There is no profiling.'),
  'service-account-lookup': truth('Tokens are looked up always.'),
  'show-hidden-metrics-for-version': text('Metrics are all there.'),
  'storage-media-type': text('Objects are kept as JSON.'),
  'vmodule': text('See -v.'),
  'watch-cache': truth('There is always one.'),
  'watch-cache-sizes': text('See --watch-cache-history-bytes.'),
});
