import { clusterFlags } from '@navarch/client';
import { defineFlags, leaderElectionFlags, secureServingFlags } from '@navarch/component-base';

/** The flags of `scheduler`. */
export const flags = defineFlags({
  ...clusterFlags,
  ...secureServingFlags('10259'),
  ...leaderElectionFlags('kube-scheduler'),
  config: { type: 'string', help: 'File with a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1).' },
  'scheduler-name': { type: 'string', default: 'default-scheduler', help: 'Pods whose spec.schedulerName is this are scheduled, unless the configuration has profiles of its own.' },
  'write-config-to': { type: 'string', help: 'Write the configuration, with all its defaults, to this file and exit.' },
  'pod-max-in-unschedulable-pods-duration': { type: 'duration', default: '5m', help: 'How long a pod that no event helped waits before it is tried again all the same. Deprecated upstream.' },
  // Deprecated upstream, and taken so that its command lines can be.
  profiling: { type: 'boolean', default: 'true', help: 'Without effect: nothing is profiled over the network.' },
  'contention-profiling': { type: 'boolean', default: 'true', help: 'Without effect.' },
  kubeconfig: { type: 'string', withoutEffect: true, help: 'Without effect: --apiserver and --client-certificate say who is asked, and by whom.' },
  'kube-api-content-type': { type: 'string', withoutEffect: true, help: 'Without effect.' },
  'kube-api-qps': { type: 'number', withoutEffect: true, help: 'Without effect.' },
  'kube-api-burst': { type: 'number', withoutEffect: true, help: 'Without effect.' },
  'explained-decisions': { type: 'number', default: '200', help: 'How many recent decisions /debug/scheduling can explain; 0 keeps none.' },
});
