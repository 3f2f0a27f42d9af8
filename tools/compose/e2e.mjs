// `npm run compose:e2e`: the cluster of docker-compose.yml, built, brought up, walked through and broken, on a Docker engine of our own.
// Ends with `N passed, N failed`. Needs root. NAVARCH_DOCKER_DATA=DIR keeps the engine's images for the next run.
//   npm run compose:e2e -- --images        builds what there is to build, and no more (with NAVARCH_DOCKER_DATA)
//   npm run compose:e2e -- --document      writes what was measured into docs/compose.md
//   npm run compose:e2e -- --testPathPatterns=simulated.compose --testNamePattern=...      only some
import { spawnSync } from 'node:child_process';
import { build, ensureDependencies, root } from '../prepare.mjs';
import { installPackages, missingPackages } from '../system-packages.mjs';
import { command } from '../test/command.mjs';
import { dataDirectory, discard } from './data-directory.mjs';
import { document } from './document.mjs';
import { startEngine, stopEngine } from './engine.mjs';
import { runLanes } from './lanes.mjs';
import { baseImages, buildStandIns } from './stand-ins.mjs';

/** What this needs besides what the tests of local clusters do. */
export const composePackages = ['docker.io', 'docker-compose', 'debootstrap', 'iptables', 'iproute2', 'nftables', 'kubernetes-client', 'busybox-static', 'python3-kubernetes', 'docker-registry'];

function checked(program, args, options) {
  const result = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${result.status ?? result.error}`);
}

const seconds = (since) => ((Date.now() - since) / 1000).toFixed(0);

/** Does something with an engine that keeps its data in a directory. */
async function withEngine(dir, work) {
  // An interrupt ends what runs in the foreground; then the engine is stopped, and its network removed, as ever.
  const interrupted = () => undefined;
  process.on('SIGINT', interrupted);
  const before = process.env.DOCKER_HOST;
  try {
    const { host, inside } = await startEngine(dir);
    process.env.DOCKER_HOST = host;
    return await work(inside);
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    await stopEngine(dir);
    process.off('SIGINT', interrupted);
  }
}

/** All images of docker-compose.yml, and stand-ins for what they are made from where that cannot be pulled. */
const buildImages = (dir) => withEngine(dir, () => {
  let start = Date.now();
  for (const image of buildStandIns(baseImages(), dir)) console.log(`stand-in built for ${image}`);
  console.log(`stand-ins: ${seconds(start)} s\nbuilding images ...`);
  start = Date.now();
  checked('docker-compose', ['build', '--quiet'], { env: { ...process.env, COMPOSE_PROFILES: 'full', DOCKER_BUILDKIT: '0' } });
  console.log(`images: ${seconds(start)} s`);
});

/** Answers Jest's report. */
const runTests = (dir) => withEngine(dir, async (inside) => {
  // Some stand-ins are made from it.
  await build();
  return runLanes(inside, dir, process.argv.filter((argument) => /^--test(PathPatterns|NamePattern)=/.test(argument)));
});

/**
 * Answers Jest's report, once the clusters have come and gone.
 * @param beside what else this machine does now: the images are built meanwhile, in a process of their own, and clusters wait for its end
 */
export async function composeTests(beside) {
  // Its failure waits until images are built: what builds them writes into the directory.
  const ended = Promise.allSettled([beside]);
  const dir = await dataDirectory();
  try {
    const { code, output } = await command(process.execPath, [import.meta.filename, '--images'], { more: { NAVARCH_DOCKER_DATA: dir } });
    const [others] = await ended;
    console.log(`\n== compose tests\n${output}`);
    if (others.status === 'rejected') throw others.reason;
    if (code !== 0) throw new Error(`the images were not built (exit ${code})`);
    return await runTests(dir);
  } finally {
    discard(dir);
  }
}

async function main() {
  ensureDependencies();
  installPackages(missingPackages(composePackages));
  const dir = await dataDirectory();
  try {
    await buildImages(dir);
    if (process.argv.includes('--images')) return;
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = await runTests(dir);
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    if (process.argv.includes('--document')) document();
    console.log(`${numPassedTests} passed, ${failed} failed`);
    process.exitCode = failed > 0 || numPassedTests === 0 ? 1 : 0;
  } finally {
    discard(dir);
  }
}

if (process.argv[1] === import.meta.filename) await main();
