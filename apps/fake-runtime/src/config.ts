import { defineFlags, healthzFlags } from '@navarch/component-base';

export const flags = defineFlags({
  ...healthzFlags('10270'),
  endpoint: {
    type: 'list',
    default: 'unix:///run/navarch/fake-runtime.sock',
    help: 'Unix socket to serve the container runtime interface on; repeated, one process holds several simulated nodes.',
  },
  'pod-cidr': {
    type: 'list',
    default: '10.244.0.0/16',
    help: 'Where pod addresses come from until a kubelet says otherwise: one range per endpoint, or one that is split into /24s.',
  },
  'start-delay': { type: 'duration', default: '0', help: 'Time that starting a container takes.' },
  'state-dir': { type: 'string', help: 'Folder that keeps sandboxes and containers over a restart; without it they live in memory only.' },
});
