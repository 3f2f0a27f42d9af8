import { join } from 'node:path';
import type { Component, ProcessContext } from '@navarch/component-base';
import { noStateStore, podCidrsOf, StateDirectory, StreamingServer } from '@navarch/simulated-runtime';
import type { flags } from './config';
import { CriServer } from './cri-server';

/** Builds the process's components, in the order in which they start. */
export function compose({ config, log, clock }: ProcessContext<typeof flags>): Component[] {
  const cidrs = podCidrsOf(config.podCidr, config.endpoint.length);
  const streaming = new StreamingServer({ clock, onError: (error) => log.error({ err: error }, 'streaming failed') });
  const nodes = config.endpoint.map((endpoint, index) => new CriServer(
    { endpoint, podCidr: cidrs[index] ?? '', startDelayMs: config.startDelay },
    {
      clock,
      state: config.stateDir === undefined ? noStateStore : new StateDirectory(join(config.stateDir, encodeURIComponent(endpoint))),
      streaming,
      onError: (error) => log.error({ err: error, endpoint }, 'call failed'),
    },
  ));
  return [streaming, ...nodes];
}
