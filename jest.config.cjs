const { readdirSync, existsSync } = require('node:fs');

const packages = ['libs', 'apps'].flatMap((folder) => readdirSync(`${__dirname}/${folder}`).map((name) => `<rootDir>/${folder}/${name}`));
const wholeCluster = ['e2e', 'compose'].includes(process.env.NAVARCH_TEST_RING);

module.exports = {
  projects: packages.filter((path) => existsSync(`${path.replace('<rootDir>', __dirname)}/jest.config.cjs`) && (wholeCluster ? path.endsWith('/cluster-e2e') : true)),
};
