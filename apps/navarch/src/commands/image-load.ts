import { existsSync } from 'node:fs';
import { nodeNames } from '../cluster/addresses';
import { Layout } from '../cluster/layout';
import { loadSettings } from '../cluster/settings';
import { run } from '../host/command';

/** Imports an archive into one node's containerd. */
export function loadImage(runtimeSocket: string, archive: string): void {
  run('ctr', ['--address', runtimeSocket, '--namespace', 'k8s.io', 'images', 'import', '--all-platforms', archive]);
}

/** `npm run image:load -- FILE.tar`: an OCI or `docker save` archive, on all nodes. */
export function imageLoad(cluster: string, archive: string): void {
  if (!existsSync(archive)) throw new Error(`${archive}: no such file`);
  const layout = new Layout(cluster);
  const settings = loadSettings(layout.settings);
  if (settings === undefined) throw new Error(`there is no cluster "${cluster}": start it with npm run up`);
  if (settings.runtime === 'simulated') throw new Error('simulated nodes have every image: there is nothing to load');
  for (const name of nodeNames(settings.nodes)) {
    const socket = layout.node(name).runtimeSocket;
    if (!existsSync(socket)) throw new Error(`${name} does not run: start the cluster with npm run up`);
    loadImage(socket, archive);
    process.stdout.write(`loaded on ${name}\n`);
  }
}
