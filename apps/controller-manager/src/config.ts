import { clusterFlags } from '@navarch/client';
import { defineFlags, leaderElectionFlags, secureServingFlags, type Config } from '@navarch/component-base';

/** Flags in upstream's spelling and with upstream's defaults, where upstream has them. */
export const flags = defineFlags({
  ...clusterFlags,
  ...secureServingFlags('10257'),
  ...leaderElectionFlags('kube-controller-manager'),
  controllers: { type: 'list', default: '*', help: "Controllers to run: '*' all that are on by default, 'foo' this one, '-foo' not this one." },
  'root-ca-file': { type: 'string', help: 'CA bundle published to every namespace as kube-root-ca.crt; --certificate-authority unless given.' },
  'cluster-cidr': { type: 'string', default: '10.244.0.0/16', help: 'Addresses of pods; a part of it goes to each node.' },
  'node-cidr-mask-size': { type: 'number', default: '24', help: "Prefix length of a node's part of --cluster-cidr." },
  'service-cluster-ip-range': { type: 'string', default: '10.96.0.0/12', help: 'Addresses of services; they must not overlap with --cluster-cidr.' },
  'allocate-node-cidrs': { type: 'boolean', default: 'true', help: 'Whether nodes are given parts of --cluster-cidr.' },
  'node-monitor-period': { type: 'duration', default: '5s', help: 'How often the health of nodes is looked at.' },
  'node-monitor-grace-period': { type: 'duration', default: '50s', help: 'How long a running node may be silent before it counts as unhealthy.' },
  'node-startup-grace-period': { type: 'duration', default: '1m', help: 'How long a starting node may be silent.' },
  'node-eviction-rate': { type: 'number', default: '0.1', help: 'Nodes a second from which pods are evicted in a healthy zone.' },
  'secondary-node-eviction-rate': { type: 'number', default: '0.01', help: 'The same in an unhealthy zone.' },
  'large-cluster-size-threshold': { type: 'number', default: '50', help: 'Up to this size evictions stop in an unhealthy zone.' },
  'unhealthy-zone-threshold': { type: 'number', default: '0.55', help: 'Share of unhealthy nodes (at least 3) that makes a zone unhealthy.' },
  'terminated-pod-gc-threshold': { type: 'number', default: '12500', help: 'How many terminated pods may stay before the oldest are removed; 0: all may.' },
  'concurrent-deployment-syncs': { type: 'number', default: '5', help: 'Deployments worked on side by side.' },
  'concurrent-replicaset-syncs': { type: 'number', default: '5', help: 'ReplicaSets worked on side by side.' },
  'concurrent-rc-syncs': { type: 'number', default: '5', help: 'ReplicationControllers worked on side by side.' },
  'concurrent-daemonset-syncs': { type: 'number', default: '2', help: 'DaemonSets worked on side by side.' },
  'concurrent-statefulset-syncs': { type: 'number', default: '5', help: 'StatefulSets worked on side by side.' },
  'concurrent-job-syncs': { type: 'number', default: '5', help: 'Jobs worked on side by side.' },
  'concurrent-cron-job-syncs': { type: 'number', default: '5', help: 'CronJobs worked on side by side.' },
  'concurrent-ttl-after-finished-syncs': { type: 'number', default: '5', help: 'Finished Jobs removed side by side.' },
  'concurrent-horizontal-pod-autoscaler-syncs': { type: 'number', default: '5', help: 'HorizontalPodAutoscalers worked on side by side.' },
  'concurrent-endpoint-syncs': { type: 'number', default: '5', help: 'Services whose Endpoints are worked on side by side.' },
  'concurrent-service-endpoint-syncs': { type: 'number', default: '5', help: 'Services whose EndpointSlices are worked on side by side.' },
  'concurrent-namespace-syncs': { type: 'number', default: '10', help: 'Namespaces worked on side by side.' },
  'concurrent-gc-syncs': { type: 'number', default: '20', help: 'Objects that the garbage collector works on side by side.' },
  'concurrent-serviceaccount-token-syncs': { type: 'number', default: '5', help: 'Service accounts worked on side by side.' },
  'concurrent-resource-quota-syncs': { type: 'number', default: '5', help: 'ResourceQuotas worked on side by side.' },
  'resource-quota-sync-period': { type: 'duration', default: '5m', help: 'How often the usage of every ResourceQuota is counted again.' },
  'pvclaimbinder-sync-period': { type: 'duration', default: '15s', help: 'How often claims without a volume are looked at again.' },
  'concurrent-ephemeralvolume-syncs': { type: 'number', default: '5', help: 'Pods whose ephemeral volumes are worked on side by side.' },
  'max-endpoints-per-slice': { type: 'number', default: '100', help: 'Most endpoints in one EndpointSlice.' },
});

export type ControllerConfig = Config<typeof flags>;
