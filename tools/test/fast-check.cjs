// fast-check as the specs import it: the same cases in every run, so that a change is judged by what it changes.
// NAVARCH_PROPERTY_SEED=random explores; a number repeats what such a run printed.
const { join, dirname } = require('node:path');

const fc = require(join(dirname(require.resolve('fast-check/package.json')), 'lib/cjs/fast-check.js'));
const wanted = process.env.NAVARCH_PROPERTY_SEED ?? '1';
if (wanted !== 'random') {
  const seed = Number(wanted);
  if (!Number.isInteger(seed)) throw new Error(`NAVARCH_PROPERTY_SEED: a whole number or "random", not "${wanted}"`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
}
module.exports = fc;
