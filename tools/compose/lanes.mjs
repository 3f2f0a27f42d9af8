// Which clusters of docker-compose are tested when, and Jest's report of all of them.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { bin, command } from '../test/command.mjs';

const full = '/high-availability\\.compose';
const simulated = '/(simulated|kine)\\.compose';
/** Two clusters of one engine that are up at the same time: what they publish on their host, and where. */
const elsewhere = { NAVARCH_NETWORK: '172.31.241', NAVARCH_API_PORT: '6543' };

/** The full cluster keeps a machine of two processors busy by itself. The others wait for much: those whose containers are simulated run meanwhile. */
const phases = [
  [{ name: 'full', args: [`--testPathPatterns=${full}`] }],
  [{ name: 'containers', args: ['--testPathIgnorePatterns', full, simulated] }, { name: 'simulated', args: [`--testPathPatterns=${simulated}`], more: elsewhere }],
];
const onlyThese = (args) => [[{ name: 'asked', args }]];

/** Runs a lane within the engine's network; answers Jest's report. */
async function run({ name, args, more = {} }, [enter, ...entering], engine) {
  const report = join(root, 'test-output', `compose-${name}.json`);
  mkdirSync(join(root, 'test-output'), { recursive: true });
  rmSync(report, { force: true });
  const options = ['--json', `--outputFile=${report}`, '--reporters=default', `--reporters=${join(import.meta.dirname, 'case-reporter.cjs')}`, '--runInBand', '--forceExit', ...args];
  const { code } = await command(enter, [...entering, bin('jest'), ...options], { more: { NAVARCH_TEST_RING: 'compose', NAVARCH_ENGINE: engine, ...more }, live: true });
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch (error) {
    throw new Error(`Jest gave no report of ${name} (exit ${code}): ${error.message}`);
  }
}

const counts = ['numPassedTests', 'numFailedTests', 'numRuntimeErrorTestSuites', 'numPendingTests', 'numTodoTests'];

/**
 * Answers the report of all.
 * @param inside the command before what shall see the engine's ports and containers
 * @param engine the engine's directory
 * @param asked Jest's options that choose tests; none for all of them
 */
export async function runLanes(inside, engine, asked) {
  const reports = [];
  for (const phase of asked.length > 0 ? onlyThese(asked) : phases) {
    const ended = await Promise.allSettled(phase.map((lane) => run(lane, inside, engine)));
    for (const { status, value, reason } of ended) {
      if (status === 'rejected') throw reason;
      reports.push(value);
    }
  }
  return { ...Object.fromEntries(counts.map((name) => [name, reports.reduce((sum, report) => sum + report[name], 0)])), testResults: reports.flatMap(({ testResults }) => testResults) };
}
