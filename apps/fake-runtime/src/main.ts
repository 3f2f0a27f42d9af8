import { join } from 'node:path';

import { healthzServing, runProcess } from '@navarch/component-base';

import { flags } from './config';
import { CriServer } from './cri-server';
import { StateDirectory } from './runtime/state-directory';
import { noStateStore } from './runtime/state-store';
import { podCidrsOf } from './split-cidr';

void runProcess({
  name: 'fake-runtime',
  flags,
  health: healthzServing,
  main: ({ config, log, clock }) => {
    const cidrs = podCidrsOf(config.podCidr, config.endpoint.length);
    return config.endpoint.map(
      (endpoint, index) =>
        new CriServer(
          { endpoint, podCidr: cidrs[index] ?? '', startDelayMs: config.startDelay },
          {
            clock,
            state: config.stateDir === undefined ? noStateStore : new StateDirectory(join(config.stateDir, encodeURIComponent(endpoint))),
            onError: (error) => {
              log.error({ err: error, endpoint }, 'call failed');
            },
          },
        ),
    );
  },
});
