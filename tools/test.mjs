// All checks and tests, from a clean clone: `npm test` is what CI runs. No dependencies.
//   npm test                       everything this machine allows
//   npm test -- --ring unit        some rings: static, unit, int, root, e2e, compose
// Where both e2e and compose run, suites that both kinds of cluster share run on the compose cluster only.
import { composePackages, composeTests } from './compose/e2e.mjs';
import { build, checkNode, ensureDependencies } from './prepare.mjs';
import { installPackages, missingPackages, packages, testPackages } from './system-packages.mjs';
import { secondsSince } from './test/command.mjs';
import { jestRing, record } from './test/jest-ring.mjs';
import { staticChecks } from './test/static-checks.mjs';
import { Tally } from './test/tally.mjs';

const allRings = ['static', 'unit', 'int', 'root', 'e2e', 'compose'];
/** Specs of a local cluster that are a shared suite and nothing else; `*.compose.spec.ts` run the same suites. */
const sharedWithCompose = ['clients', 'conformance', 'conformance-containers', 'custom-resources', 'dual-stack', 'kubectl-commands', 'network', 'storage', 'walk-through', 'workloads'];
const isRoot = process.getuid?.() === 0;
const ci = process.env.CI !== undefined && process.env.CI !== '' && process.env.CI !== 'false';
const argument = process.argv.indexOf('--ring');
const rings = argument > 0 ? (process.argv[argument + 1] ?? '').split(',') : allRings;
const unknown = [...rings.filter((ring) => !allRings.includes(ring)), ...(argument > 0 ? [] : process.argv.slice(2))];
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; usage: npm test -- [--ring ${allRings.join(',')}]`);
  process.exit(2);
}
const asked = (...names) => names.some((name) => rings.includes(name));

checkNode();
const started = Date.now();
ensureDependencies();

/** What the asked rings need and this machine has not. */
function install() {
  const wanted = new Set([
    ...(asked('int', 'root', 'e2e') ? Object.keys(packages) : []), ...(asked('e2e') ? Object.keys(testPackages) : []),
    // docker-compose checks its files: a cluster without Docker does not need it.
    ...(asked('static') ? ['docker-compose'] : []), ...(asked('compose') ? composePackages : []),
  ]);
  try {
    installPackages(missingPackages([...wanted]));
  } catch (error) {
    console.log(error.message);
  }
  return missingPackages([...wanted]);
}
const missing = install();

const tally = new Tally();
/** Rings that use programs one at a time leave processors to those that compute, and wait more than they work: two lanes of theirs beside one that computes end at about the same time. */
const sideBySide = asked('static', 'unit', 'int') && asked('root', 'e2e');
const live = !sideBySide;
/** Of the root ring, the part that runs before the end-to-end tests, in their lane; the network and what is named here have the other one. */
const ofNodes = '/apps/kubelet/src/kubelet(?!-containers|-volumes|-killed)';
/** Of the end-to-end ring, what compares the whole host before and after: nothing else may make namespaces, mounts or cgroups meanwhile. */
const ofTheHost = '/cluster-e2e/src/life\\.e2e\\.spec\\.ts$';
/** Of the end-to-end ring, what goes to the other lane, which has less to do. */
const ofTheBench = '/cluster-e2e/src/bench\\.e2e\\.spec\\.ts$';

async function withServers(ring, ...args) {
  const servers = missing.filter((name) => name === 'etcd-server' || name === 'nats-server');
  if (servers.length > 0) tally.skip(ring, `missing ${servers.join(', ')}`);
  else await jestRing(tally, ring, { args, live });
}

/** A ring that needs root and all the programs, one file after the other. What a failed suite left running must not keep the results of all. */
async function withNodes(ring, needed, args, part = ring) {
  const lacking = missing.filter((name) => name in needed);
  if (!isRoot) tally.skip(part, 'needs root');
  else if (lacking.length > 0) tally.skip(part, `missing ${lacking.join(', ')}`);
  else await jestRing(tally, ring, { args: ['--runInBand', '--forceExit', ...args], live, part });
}

const checked = asked('static') ? staticChecks(tally) : Promise.resolve();

async function computing() {
  await checked;
  if (asked('unit')) await jestRing(tally, 'unit', { args: ['--maxWorkers=2'], live });
  if (asked('int')) await withServers('int', '--maxWorkers=2');
}

let building;
/** Once, and not beside the compiler of the static checks, which writes the same files. */
const built = () => (building ??= checked.then(build));
const endToEnd = { ...packages, ...testPackages };

async function others() {
  if (sideBySide && asked('root')) await withNodes('root', packages, [`--testPathIgnorePatterns=${ofNodes}`], 'root-others');
  if (!sideBySide || !asked('e2e')) return;
  await built();
  await withNodes('e2e', endToEnd, [`--testPathPatterns=${ofTheBench}`], 'e2e-bench');
}

/** @param othersEnded when the lane beside this one leaves the host alone */
async function waiting(othersEnded) {
  if (asked('root')) await withNodes('root', packages, sideBySide ? [`--testPathPatterns=${ofNodes}`] : []);
  if (!asked('e2e')) return;
  await built();
  const without = [ofTheHost, ...(sideBySide ? [ofTheBench] : []), ...(asked('compose') ? sharedWithCompose : []).map((name) => `/cluster-e2e/src/${name}\\.e2e\\.spec\\.ts$`)];
  await withNodes('e2e', endToEnd, without.map((pattern) => `--testPathIgnorePatterns=${pattern}`));
  await othersEnded;
  await withNodes('e2e', endToEnd, [`--testPathPatterns=${ofTheHost}`], 'e2e-host');
}

const besideNodes = others();
const beside = Promise.all([computing(), besideNodes, waiting(besideNodes)]);

if (asked('compose') && isRoot) {
  try {
    const start = Date.now();
    record(tally, 'compose', await composeTests(beside), start);
  } catch (error) {
    tally.fail(`compose: ${error.message}`);
  }
} else if (asked('compose')) tally.skip('compose', 'needs root');
await beside;
process.exit(tally.conclude(ci, secondsSince(started)));
