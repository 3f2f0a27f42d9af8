import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RuntimeKind } from '../cluster/settings';
import { isRoot } from './capabilities';

/** The sandbox image, built here: no registry is needed. */
export const pauseImage = 'navarch.local/pause:1';

interface SystemPackages {
  readonly packages: Readonly<Record<string, string>>;
  missingPackages(wanted?: readonly string[]): string[];
  installPackages(names: readonly string[]): void;
  isDebian(): boolean;
  has(program: string): boolean;
}

interface ImageBuilder {
  readonly writeImages: (folder: string) => Map<string, string>;
}

/** The scripts under tools/ have no dependencies and are ES modules: they also run before anything is built. */
async function tool<T>(root: string, ...path: string[]): Promise<T> {
  return (await import(pathToFileURL(join(root, 'tools', ...path)).href)) as T;
}

export const systemPackages = (root: string): Promise<SystemPackages> => tool<SystemPackages>(root, 'system-packages.mjs');

/** What simulated nodes need too. */
export const simulatedNeeds: readonly string[] = ['etcd-server', 'nats-server'];

/** Installs what is missing for a runtime; throws with what to do where it cannot. */
export async function installMissing(root: string, runtime: RuntimeKind): Promise<void> {
  const system = await systemPackages(root);
  const wanted = runtime === 'containerd' ? Object.keys(system.packages) : [...simulatedNeeds, 'kubernetes-client'];
  const missing = system.missingPackages(wanted);
  if (missing.length === 0) return;
  // kubectl is for the user: without it a cluster still runs.
  const needed = missing.filter((name) => name !== 'kubernetes-client');
  if (needed.length === 0 && !(isRoot() && system.isDebian())) {
    process.stdout.write('there is no kubectl here; the cluster runs without it\n');
    return;
  }
  if (isRoot() && system.isDebian()) process.stdout.write(`installing ${missing.join(', ')} (no service is started) ...\n`);
  try {
    system.installPackages(missing);
  } catch (error) {
    if (runtime === 'simulated') throw error;
    const fewer = system.missingPackages(simulatedNeeds);
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}\nor run npm run up -- --runtime simulated, which ${fewer.length === 0 ? 'needs none of them' : `needs only ${fewer.join(' and ')}`}`,
      { cause: error },
    );
  }
}

/** Why real containers are not possible here; undefined if they are (once packages are installed). */
export function missingForReal(): string | undefined {
  if (process.platform !== 'linux') return `they need Linux, this is ${process.platform}`;
  if (!isRoot()) return 'they need root';
  return undefined;
}

/** Archive paths by image name: the small images of the walk-through, and the sandbox. Built when they are not there. */
export async function builtImages(root: string, folder: string): Promise<Map<string, string>> {
  mkdirSync(folder, { recursive: true });
  const { writeImages } = await tool<ImageBuilder>(root, 'images', 'build.mjs');
  return writeImages(folder);
}
