// `npm run compose:e2e`: the cluster of docker-compose.yml, built, brought up, walked through and broken, on a Docker engine of our own.
// Ends with `N passed, N failed`. Needs root. NAVARCH_DOCKER_DATA=DIR keeps the engine's images for the next run.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDependencies, root } from '../prepare.mjs';
import { installPackages, missingPackages } from '../system-packages.mjs';
import { startEngine } from './engine.mjs';
import { buildStandIns } from './stand-ins.mjs';

/** What this needs besides what the tests of local clusters do. */
export const composePackages = ['docker.io', 'docker-compose', 'debootstrap', 'iptables', 'kubernetes-client', 'busybox-static'];

function checked(command, args, options) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${result.status ?? result.error}`);
}

/** Answers Jest's report. */
export async function composeTests() {
  installPackages(missingPackages(composePackages));
  const report = join(root, 'test-output', 'compose.json');
  mkdirSync(join(root, 'test-output'), { recursive: true });
  rmSync(report, { force: true });
  const engine = await startEngine(process.env.NAVARCH_DOCKER_DATA);
  const before = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = engine.host;
  try {
    for (const image of buildStandIns()) console.log(`stand-in built for ${image}`);
    console.log('building images ...');
    checked('docker-compose', ['build', '--quiet'], { env: { ...process.env, COMPOSE_PROFILES: 'full', DOCKER_BUILDKIT: '0' } });
    const jest = join(root, 'node_modules', '.bin', 'jest');
    spawnSync(jest, ['--json', `--outputFile=${report}`, '--reporters=default', '--runInBand'], {
      cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NAVARCH_TEST_RING: 'compose', FORCE_COLOR: '0' },
    });
    return JSON.parse(readFileSync(report, 'utf8'));
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    await engine.stop();
  }
}

if (process.argv[1] === import.meta.filename) {
  ensureDependencies();
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = await composeTests();
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  console.log(`${numPassedTests} passed, ${failed} failed`);
  process.exitCode = failed > 0 || numPassedTests === 0 ? 1 : 0;
}
