import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Layout } from './layout';
import type { ClusterSettings } from './settings';

/** Settings of the other clusters known here: those of this clone, up or down, and those of other clones that are up. */
export function siblings(layout: Layout): ClusterSettings[] {
  const files = [layout.base, dirname(layout.runtimeDir)].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).filter((name) => name !== layout.cluster).map((name) => join(folder, name, 'cluster.json')) : []);
  return files.flatMap((file) => {
    try {
      return [JSON.parse(readFileSync(file, 'utf8')) as ClusterSettings];
    } catch {
      return []; // not a cluster, or one whose own commands will complain
    }
  });
}
