import { GIT_VERSION } from '@navarch/component-base';
import type { PathRoutes } from '../http/path-routes';
import { send } from '../http/respond';

const VERSION = {
  major: '1', minor: '36', emulationMajor: '1', emulationMinor: '36', minCompatibilityMajor: '1', minCompatibilityMinor: '35',
  gitVersion: GIT_VERSION, gitCommit: '', gitTreeState: 'clean', buildDate: '2026-01-01T00:00:00Z', goVersion: `node ${process.version}`, compiler: 'tsc',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
} as const;

/** `/version` and the index at `/`. */
export function registerVersion(routes: PathRoutes): void {
  routes.at('/version', (exchange) => send(exchange, 200, 'application/json', `${JSON.stringify(VERSION, undefined, 2)}\n`));
  routes.at('/', (exchange) => send(exchange, 200, 'application/json', `${JSON.stringify({ paths: routes.paths }, undefined, 2)}\n`));
}
