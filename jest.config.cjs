const preset = require('./jest.preset.cjs');

const wholeCluster = ['e2e', 'compose'].includes(process.env.NAVARCH_TEST_RING);

// One project for all packages: with one for each, files that many use are read and compiled as many times.
module.exports = {
  ...preset,
  roots: wholeCluster ? ['<rootDir>/apps/cluster-e2e'] : ['<rootDir>/apps', '<rootDir>/libs'],
  testMatch: preset.testMatch.map((pattern) => pattern.replace('<rootDir>', '<rootDir>/{apps,libs}/*')),
};
