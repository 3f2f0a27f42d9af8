// A ring of Jest tests over all packages, in one run.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { bin, command, secondsSince } from './command.mjs';

/** Runs it, or a part of it, and takes its report into the tally; `live` shows each file as it ends. */
export async function jestRing(tally, ring, { args, live, part = ring }) {
  if (live) console.log(`\n== ${part} tests`);
  const report = join(root, 'test-output', `${part}.json`);
  mkdirSync(join(root, 'test-output'), { recursive: true });
  rmSync(report, { force: true });
  const start = Date.now();
  const { code, output } = await command(bin('jest'), ['--json', `--outputFile=${report}`, '--reporters=default', '--testTimeout=60000', ...args], { more: ring === 'unit' ? {} : { NAVARCH_TEST_RING: ring }, live });
  if (!live) console.log(`\n== ${part} tests\n${output}`);
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch (error) {
    tally.fail(`${part}: Jest gave no report (exit ${code}): ${error.message}`);
    return;
  }
  if (code !== 0 && result.numFailedTests + result.numRuntimeErrorTestSuites === 0) tally.fail(`${part}: Jest exited with ${code}`);
  record(tally, ring, result, start);
}

/** Takes in what Jest reports, and says it in a line. */
export function record(tally, ring, result, start) {
  tally.add(ring, result, (name) => name.replace(`${root}/`, ''));
  console.log(`${ring}: ${result.numPassedTests} passed, ${result.numFailedTests} failed (${secondsSince(start)})`);
}
