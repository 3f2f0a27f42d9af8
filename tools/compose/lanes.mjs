// Which clusters of docker-compose are tested when, and Jest's report of all of them.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { bin, command } from '../test/command.mjs';

const full = '/high-availability\\.compose';
const small = '/minimal\\.compose';
const simulated = '/simulated\\.compose';

/**
 * For another of the clusters of one engine that are up at the same time: a network and ports beside those of the first, which may be of the user's choice.
 * @param place 1 for the second cluster, 2 for the third
 */
export function elsewhere({ NAVARCH_NETWORK, NAVARCH_API_PORT }, place) {
  const [first, second, third] = (NAVARCH_NETWORK || '172.31.240').split('.').map(Number);
  const port = Number(NAVARCH_API_PORT || 6443);
  // After the last there is none: then it is before.
  const beside = (number, step, last) => (number + step > last ? number - step : number + step);
  return {
    NAVARCH_NETWORK: `${first}.${second}.${beside(third, place, 255)}`, NAVARCH_API_PORT: String(beside(port, 100 * place, 65_535)),
    NAVARCH_NODE_PORTS: `${30_000 + 100 * place}-${30_009 + 100 * place}`, NAVARCH_HTTP_PORT: String(8000 + place), NAVARCH_HTTPS_PORT: String(8400 + place),
  };
}

/** The full cluster keeps a machine of two processors busy by itself. The others wait for much: they are up at the same time, the two that take longest and those that take less. */
const phases = [
  [{ name: 'full', args: [`--testPathPatterns=${full}`] }],
  [
    { name: 'minimal', args: [`--testPathPatterns=${small}`] },
    { name: 'simulated', args: [`--testPathPatterns=${simulated}`], more: elsewhere(process.env, 1) },
    { name: 'others', args: ['--testPathIgnorePatterns', full, small, simulated], more: elsewhere(process.env, 2) },
  ],
];
const onlyThese = (args) => [[{ name: 'asked', args }]];

const counts = ['numPassedTests', 'numFailedTests', 'numRuntimeErrorTestSuites', 'numPendingTests', 'numTodoTests'];

/** A lane that could not say what came of it is a failed suite, and the other lanes' results stay. */
function failedLane(name, reason) {
  console.log(`compose ${name}: ${reason}`);
  return { ...Object.fromEntries(counts.map((count) => [count, 0])), numRuntimeErrorTestSuites: 1, testResults: [{ name: `${name}: ${reason}`, status: 'failed', assertionResults: [] }] };
}

/** Which cluster is meant, each test says itself, or leaves to `.env`; not who runs it. */
const chosenByTests = { COMPOSE_PROFILES: undefined };

/** Runs a lane within the engine's network; answers the reports that there are of it: Jest's, or that there is none. */
async function run({ name, args, more = {} }, [enter, ...entering], engine) {
  const report = join(root, 'test-output', `compose-${name}.json`);
  mkdirSync(join(root, 'test-output'), { recursive: true });
  rmSync(report, { force: true });
  const options = ['--json', `--outputFile=${report}`, '--reporters=default', `--reporters=${join(import.meta.dirname, 'case-reporter.cjs')}`, '--runInBand', '--forceExit', ...args];
  const { code } = await command(enter, [...entering, bin('jest'), ...options], { more: { NAVARCH_TEST_RING: 'compose', NAVARCH_ENGINE: engine, ...chosenByTests, ...more }, live: true });
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch (error) {
    return [failedLane(name, `Jest gave no report (exit ${code}): ${error.message}`)];
  }
  return code !== 0 && result.numFailedTests + result.numRuntimeErrorTestSuites === 0 ? [result, failedLane(name, `Jest exited with ${code}`)] : [result];
}

/**
 * Answers the report of all.
 * @param inside the command before what shall see the engine's ports and containers
 * @param engine the engine's directory
 * @param asked Jest's options that choose tests; none for all of them
 */
export async function runLanes(inside, engine, asked) {
  const reports = [];
  for (const phase of asked.length > 0 ? onlyThese(asked) : phases) {
    reports.push(...(await Promise.all(phase.map((lane) => run(lane, inside, engine)))).flat());
  }
  return { ...Object.fromEntries(counts.map((name) => [name, reports.reduce((sum, report) => sum + report[name], 0)])), testResults: reports.flatMap(({ testResults }) => testResults) };
}
