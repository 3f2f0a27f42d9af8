import { GIT_VERSION } from '@navarch/component-base';
import { getOnly, type PathRoutes } from '../http/path-routes';
import { send } from '../http/respond';
import type { ServedCatalog } from '../registry/served-catalog';

const VERSION = {
  major: '1', minor: '36', emulationMajor: '1', emulationMinor: '36', minCompatibilityMajor: '1', minCompatibilityMinor: '35',
  gitVersion: GIT_VERSION, gitCommit: '', gitTreeState: 'clean', buildDate: '2026-01-01T00:00:00Z', goVersion: `node ${process.version}`, compiler: 'tsc',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
} as const;

/** `/version` and the index at `/`. */
export function registerVersion(routes: PathRoutes, catalog: ServedCatalog): void {
  routes.at('/version', getOnly((exchange) => send(exchange, 200, 'application/json', `${JSON.stringify(VERSION, undefined, 2)}\n`)));
  routes.at('/', (exchange) => send(exchange, 200, 'application/json', `${JSON.stringify({ paths: indexOf(routes, catalog) }, undefined, 2)}\n`));
}

/** All that may be asked for, groups and versions included. */
function indexOf(routes: PathRoutes, catalog: ServedCatalog): string[] {
  const groups = [...catalog.facts, ...catalog.remoteVersions].flatMap(({ group, version }) => (group === '' ? [`/api/${version}`] : [`/apis/${group}`, `/apis/${group}/${version}`]));
  return [...new Set([...routes.paths, ...groups])].sort();
}
