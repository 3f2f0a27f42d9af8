import { clusterFlags } from '@navarch/client';
import { defineFlags, type Config } from '@navarch/component-base';
import { kubeletFlags, type KubeletConfig } from '../config';

/** What a flag has in the place of a node's name. */
const placeholder = '{node}';

const { 'container-runtime-endpoint': _runtime, 'image-service-endpoint': _images, ...kubeletsFlags } = kubeletFlags;

/** The kubelet's flags, for all nodes alike; what each has for itself has `{node}` in it. Their containers are simulated where they are. */
export const manyNodesFlags = defineFlags({
  ...kubeletsFlags,
  // None of them has a certificate of its own.
  ...clusterFlags,
  'nodes': { type: 'number', required: true, help: 'How many nodes.' },
  'node-name-prefix': { type: 'string', default: 'simulated-', help: 'What their names begin with; a number follows, from 1 on.' },
  'simulated-pod-cidr': { type: 'string', default: '10.128.0.0/9', help: 'Where addresses of pods come from; each node has a /24 of it. No packet is ever sent to one of them.' },
  'simulated-start-delay': { type: 'duration', default: '0', help: 'Time that starting a container takes.' },
});
export type ManyNodesConfig = Config<typeof manyNodesFlags>;

/** Each node's own settings. @throws Error where nodes would share what each must have for itself */
export function nodeConfigs(config: ManyNodesConfig): KubeletConfig[] {
  if (!config.rootDir.includes(placeholder)) throw new Error(`--root-dir: each node needs its own: ${config.rootDir} has no ${placeholder} in it`);
  return Array.from({ length: config.nodes }, (_, index) => {
    const name = `${config.nodeNamePrefix}${index + 1}`;
    return { ...config, hostnameOverride: name, rootDir: config.rootDir.replaceAll(placeholder, name), containerRuntimeEndpoint: `simulated:${name}`, imageServiceEndpoint: undefined };
  });
}
