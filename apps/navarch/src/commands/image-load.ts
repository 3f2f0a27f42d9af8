import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { nodeNames } from '../cluster/addresses';
import { Layout } from '../cluster/layout';
import { npmRun } from '../cluster/npm-run';
import { loadSettings } from '../cluster/settings';
import { archiveProblem } from '../images/archive-problem';
import { importImages } from '../images/node-images';

/** `npm run image:load -- FILE.tar`: an OCI or `docker save` archive, on all nodes. */
export async function imageLoad(cluster: string, archive: string): Promise<void> {
  if (!existsSync(archive)) throw new Error(`${resolve(archive)}: no such file`);
  const layout = new Layout(cluster);
  const settings = loadSettings(layout.settings);
  if (settings === undefined) throw new Error(`there is no cluster "${cluster}": start it with ${npmRun('up', cluster)}`);
  if (settings.runtime === 'simulated') throw new Error('simulated nodes have every image: there is nothing to load');
  const problem = archiveProblem(archive);
  if (problem !== undefined) throw new Error(`${archive} ${problem}; an OCI or docker save archive is wanted`);
  const nodes = nodeNames(settings.nodes);
  const sockets = nodes.map((name) => layout.node(name).runtimeSocket);
  const down = nodes.filter((_, index) => !existsSync(sockets[index] ?? ''));
  if (down.length > 0) throw new Error(`${down.join(', ')} not running: start the cluster with ${npmRun('up', cluster)}`);
  const loaded = await Promise.all(sockets.map((socket) => importImages(socket, archive)));
  const images = new Set(loaded.flat());
  if (images.size === 0) throw new Error(`${archive} names no image: give it a name when it is made (docker save NAME, or the annotation io.containerd.image.name of an OCI index)`);
  for (const image of images) process.stdout.write(`${image} loaded on ${nodes.join(', ')}\n`);
}
