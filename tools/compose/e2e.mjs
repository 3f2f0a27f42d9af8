// `npm run compose:e2e`: the cluster of docker-compose.yml, built, brought up, walked through and broken, on a Docker engine of our own.
// Ends with `N passed, N failed`. Needs root. NAVARCH_DOCKER_DATA=DIR keeps the engine's images for the next run.
//   npm run compose:e2e -- --document      writes what was measured into docs/compose.md
//   npm run compose:e2e -- --testPathPatterns=simulated.compose --testNamePattern=...      only some
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, root } from '../prepare.mjs';
import { installPackages, missingPackages } from '../system-packages.mjs';
import { document } from './document.mjs';
import { startEngine, stopEngine } from './engine.mjs';
import { buildStandIns } from './stand-ins.mjs';

/** What this needs besides what the tests of local clusters do. */
export const composePackages = ['docker.io', 'docker-compose', 'debootstrap', 'iptables', 'iproute2', 'nftables', 'kubernetes-client', 'busybox-static', 'python3-kubernetes', 'docker-registry'];

function checked(command, args, options) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${result.status ?? result.error}`);
}

const seconds = (since) => ((Date.now() - since) / 1000).toFixed(0);

/** Answers Jest's report. */
export async function composeTests() {
  installPackages(missingPackages(composePackages));
  const report = join(root, 'test-output', 'compose.json');
  mkdirSync(join(root, 'test-output'), { recursive: true });
  rmSync(report, { force: true });
  const kept = process.env.NAVARCH_DOCKER_DATA;
  const dir = kept ?? mkdtempSync(join(tmpdir(), 'navarch-docker-'));
  // An interrupt ends what runs in the foreground; then the engine is stopped, and its network removed, as ever.
  const interrupted = () => undefined;
  process.on('SIGINT', interrupted);
  const before = process.env.DOCKER_HOST;
  try {
    const { host, inside } = await startEngine(dir);
    process.env.DOCKER_HOST = host;
    let start = Date.now();
    for (const image of buildStandIns()) console.log(`stand-in built for ${image}`);
    console.log(`stand-ins: ${seconds(start)} s\nbuilding images ...`);
    start = Date.now();
    checked('docker-compose', ['build', '--quiet'], { env: { ...process.env, COMPOSE_PROFILES: 'full', DOCKER_BUILDKIT: '0' } });
    console.log(`images: ${seconds(start)} s`);
    const [enter, ...entering] = inside;
    spawnSync(enter, [...entering, join(root, 'node_modules', '.bin', 'jest'), '--json', `--outputFile=${report}`, '--reporters=default', `--reporters=${join(import.meta.dirname, 'case-reporter.cjs')}`, '--runInBand', ...process.argv.filter((argument) => /^--test(PathPatterns|NamePattern)=/.test(argument))], {
      cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NAVARCH_TEST_RING: 'compose', NAVARCH_ENGINE: dir, FORCE_COLOR: '0' },
    });
    return JSON.parse(readFileSync(report, 'utf8'));
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    await stopEngine(dir);
    if (kept === undefined) rmSync(dir, { recursive: true, force: true });
    process.off('SIGINT', interrupted);
  }
}

if (process.argv[1] === import.meta.filename) {
  ensureDependencies();
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = await composeTests();
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  if (process.argv.includes('--document')) document();
  console.log(`${numPassedTests} passed, ${failed} failed`);
  process.exitCode = failed > 0 || numPassedTests === 0 ? 1 : 0;
}
