import { mkdirSync, writeFileSync } from 'node:fs';
import type { NodeLayout } from '../cluster/layout';
import { containerdConfig } from '../processes/containerd-config';
import { hasAppArmor, hasSysResource, snapshotterFor } from './capabilities';
import { pauseImage } from './requirements';

/** Makes a node's directories and its containerd's configuration, as this machine allows. `registries` holds one folder a registry. */
export function writeContainerdFiles(node: NodeLayout, registries: string): void {
  for (const dir of [registries, node.containerdRoot, node.containerdState, node.cniConfig, node.cniData, node.kubelet]) mkdirSync(dir, { recursive: true });
  writeFileSync(node.containerdConfig, containerdConfig(node, {
    sandboxImage: pauseImage,
    restrictOomScoreAdj: !hasSysResource(),
    apparmor: hasAppArmor(),
    snapshotter: snapshotterFor(node.containerdRoot),
    registryConfigPath: registries,
  }));
}
