// All checks and tests, from a clean clone: `npm test` is what CI runs. No dependencies.
//   npm test                       everything this machine allows
//   npm test -- --ring unit        one ring: static, unit, int, root, e2e, compose
// Where both e2e and compose run, suites that both kinds of cluster share run on the compose cluster only.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { composeTests } from './compose/e2e.mjs';
import { build, checkNode, ensureDependencies, root } from './prepare.mjs';
import { has, installPackages, missingPackages, packages, testPackages } from './system-packages.mjs';

const ci = process.env.CI !== undefined && process.env.CI !== '' && process.env.CI !== 'false';
const argument = process.argv.indexOf('--ring');
const rings = argument > 0 ? process.argv[argument + 1].split(',') : ['static', 'unit', 'int', 'root', 'e2e', 'compose'];
const isRoot = process.getuid?.() === 0;
/** Specs of a local cluster that are a shared suite and nothing else; `*.compose.spec.ts` run the same suites. */
const sharedWithCompose = ['clients', 'conformance', 'conformance-containers', 'custom-resources', 'kubectl-commands', 'storage', 'workloads'];
const totals = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const skips = [];
const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0', PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin` };
const bin = (name) => join(root, 'node_modules', '.bin', name);
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(0)} s`;

const heading = (text) => console.log(`\n== ${text}`);

/** One command that passes or fails as a whole. */
function check(name, command, args) {
  const start = Date.now();
  const result = spawnSync(command, args, { cwd: root, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (result.status === 0) {
    totals.passed += 1;
    console.log(`ok      ${name} (${seconds(start)})`);
    return;
  }
  totals.failed += 1;
  failures.push(name);
  console.log(`FAILED  ${name} (${seconds(start)})\n${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}`);
}

/** One ring of Jest tests over all packages, in one run. */
function jestRing(ring, extra = []) {
  heading(`${ring} tests`);
  const report = join(root, 'test-output', `${ring}.json`);
  mkdirSync(join(root, 'test-output'), { recursive: true });
  rmSync(report, { force: true });
  const ringEnv = { ...env, ...(ring === 'unit' ? {} : { NAVARCH_TEST_RING: ring }) };
  const start = Date.now();
  const run = spawnSync(bin('jest'), ['--json', `--outputFile=${report}`, '--reporters=default', '--testTimeout=60000', ...extra], { cwd: root, env: ringEnv, stdio: ['ignore', 'ignore', 'inherit'] });
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch (error) {
    totals.failed += 1;
    failures.push(`${ring}: Jest gave no report (exit ${run.status}): ${error.message}`);
    return;
  }
  if (run.status !== 0 && result.numFailedTests + result.numRuntimeErrorTestSuites === 0) {
    totals.failed += 1;
    failures.push(`${ring}: Jest exited with ${run.status}`);
  }
  record(ring, result, start);
}

/** Adds what Jest reports to the totals. */
function record(ring, result, start) {
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  totals.skipped += result.numPendingTests + result.numTodoTests;
  if (result.numPendingTests > 0) skips.push(`${ring}: ${result.numPendingTests} tests marked as skipped`);
  for (const suite of result.testResults)
    if (suite.status === 'failed') failures.push(`${ring}: ${suite.name.replace(`${root}/`, '')}`);
  console.log(`${ring}: ${result.numPassedTests} passed, ${result.numFailedTests} failed (${seconds(start)})`);
}

function skip(ring, reason) {
  totals.skipped += 1;
  skips.push(`${ring}: ${reason}`);
}

/** docker-compose is only for this check: a cluster without Docker does not need it. */
function checkCompose() {
  if (!has('docker-compose') && isRoot) {
    try {
      installPackages(['docker-compose']);
    } catch (error) {
      console.log(error.message);
    }
  }
  if (has('docker-compose')) {
    check('docker-compose config', 'docker-compose', ['config', '-q']);
    const overrides = readdirSync(join(root, 'examples/swap'), { recursive: true }).filter((file) => /docker-compose\..*yml$/.test(file));
    for (const file of overrides) check(`docker-compose config of ${file}`, 'docker-compose', ['-f', 'docker-compose.yml', '-f', join('examples/swap', file), 'config', '-q']);
  }
  else skip('static', 'docker-compose is not installed');
}

checkNode();
const started = Date.now();
ensureDependencies();

if (rings.includes('static')) {
  heading('static checks');
  check('buf lint', bin('buf'), ['lint']);
  check('buf breaking', bin('buf'), ['breaking', '--against', 'proto/baseline.binpb']);
  check('generated code is up to date', process.execPath, ['tools/generated-is-current.mjs']);
  check('nx sync:check', bin('nx'), ['sync:check']);
  // What nx's targets of that name do, by one compiler for all packages: each of theirs would load the same types again.
  check('typecheck and build', bin('tsc'), ['-b']);
  // One run over all packages: the type information is loaded once.
  check('lint', bin('eslint'), ['libs', 'apps']);
  checkCompose();
}

if (rings.includes('unit')) jestRing('unit', ['--maxWorkers=2']);

const needsPrograms = rings.filter((ring) => ['int', 'root', 'e2e'].includes(ring));
const wanted = [...Object.keys(packages), ...(rings.includes('e2e') ? Object.keys(testPackages) : [])];
if (needsPrograms.length > 0) {
  try {
    installPackages(missingPackages(wanted));
  } catch (error) {
    console.log(error.message);
  }
}
const missing = needsPrograms.length > 0 ? missingPackages(wanted) : [];

if (rings.includes('int')) {
  const missingServers = missing.filter((name) => name === 'etcd-server' || name === 'nats-server');
  if (missingServers.length > 0) skip('int', `missing ${missingServers.join(', ')}`);
  else jestRing('int', ['--maxWorkers=2']);
}

/** A ring that needs root and all the programs, one file after the other. */
function outerRing(ring, without = []) {
  if (!isRoot) skip(ring, 'needs root');
  else if (missing.some((name) => ring === 'e2e' || name in packages)) skip(ring, `missing ${missing.join(', ')}`);
  else {
    if (ring === 'e2e') build();
    jestRing(ring, ['--runInBand', ...without.map((name) => `--testPathIgnorePatterns=/cluster-e2e/src/${name}\\.e2e\\.spec\\.ts$`)]);
  }
}

if (rings.includes('root')) outerRing('root');
if (rings.includes('e2e')) outerRing('e2e', rings.includes('compose') ? sharedWithCompose : []);

if (rings.includes('compose')) {
  if (!isRoot) skip('compose', 'needs root');
  else {
    heading('compose tests');
    const start = Date.now();
    try {
      record('compose', await composeTests(), start);
    } catch (error) {
      totals.failed += 1;
      failures.push(`compose: ${error.message}`);
    }
  }
}

console.log('');
for (const failure of failures) console.log(`failed: ${failure}`);
for (const reason of skips) console.log(`skipped: ${reason}`);
console.log(`(${seconds(started)})`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 || (ci && totals.skipped > 0) ? 1 : 0);
