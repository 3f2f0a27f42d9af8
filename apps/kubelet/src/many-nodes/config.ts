import { clusterFlags } from '@navarch/client';
import { defineFlags, type Config } from '@navarch/component-base';
import { kubeletFlags, type KubeletConfig } from '../config';

/** What a flag has in the place of a node's name. */
const placeholder = '{node}';

/** The kubelet's flags, for all nodes alike; what each has for itself has `{node}` in it. */
export const manyNodesFlags = defineFlags({
  ...kubeletFlags,
  // None of them has a certificate of its own.
  ...clusterFlags,
  'nodes': { type: 'number', required: true, help: 'How many nodes.' },
  'node-name-prefix': { type: 'string', default: 'simulated-', help: 'What their names begin with; a number follows, from 1 on.' },
});
export type ManyNodesConfig = Config<typeof manyNodesFlags>;

/** Each node's own settings. @throws Error where nodes would share what each must have for itself */
export function nodeConfigs(config: ManyNodesConfig): KubeletConfig[] {
  for (const [flag, value] of [['--root-dir', config.rootDir], ['--container-runtime-endpoint', config.containerRuntimeEndpoint]] as const) {
    if (!value.includes(placeholder)) throw new Error(`${flag}: each node needs its own: ${value} has no ${placeholder} in it`);
  }
  return Array.from({ length: config.nodes }, (_, index) => {
    const name = `${config.nodeNamePrefix}${index + 1}`;
    const own = (text: string): string => text.replaceAll(placeholder, name);
    return { ...config, hostnameOverride: name, rootDir: own(config.rootDir), containerRuntimeEndpoint: own(config.containerRuntimeEndpoint) };
  });
}
