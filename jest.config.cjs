const { readdirSync, existsSync } = require('node:fs');

const packages = ['libs', 'apps'].flatMap((folder) => readdirSync(`${__dirname}/${folder}`).map((name) => `<rootDir>/${folder}/${name}`));
const e2e = process.env.NAVARCH_TEST_RING === 'e2e';

module.exports = {
  projects: packages.filter((path) => existsSync(`${path.replace('<rootDir>', __dirname)}/jest.config.cjs`) && (e2e ? path.endsWith('/cluster-e2e') : true)),
};
