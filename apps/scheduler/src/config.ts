import { clusterFlags } from '@navarch/client';
import { defineFlags, leaderElectionFlags, secureServingFlags } from '@navarch/component-base';

/** The flags of `scheduler`. */
export const flags = defineFlags({
  ...clusterFlags,
  ...secureServingFlags('10259'),
  ...leaderElectionFlags('kube-scheduler'),
  config: { type: 'string', help: 'File with a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1).' },
  'scheduler-name': { type: 'string', default: 'default-scheduler', help: 'Pods whose spec.schedulerName is this are scheduled, unless the configuration has profiles of its own.' },
  'explained-decisions': { type: 'number', default: '200', help: 'How many recent decisions /debug/scheduling can explain; 0 keeps none.' },
});
