// Checks one package from source, without building its neighbours: typecheck, lint, unit tests.
//   npm run check -- libs/clock [--no-lint] [--no-test] [--types]
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [folder, ...flags] = process.argv.slice(2);
if (!folder || !existsSync(join(folder, 'package.json'))) {
  console.error('usage: npm run check -- <apps|libs>/<name> [--types] [--no-lint] [--no-test]');
  process.exit(2);
}
let failed = false;

mkdirSync(join(folder, 'out-tsc'), { recursive: true });
const config = join(folder, 'out-tsc', 'tsconfig.check.json');
writeFileSync(config, JSON.stringify({
  extends: '../../../tsconfig.base.json',
  compilerOptions: { composite: false, incremental: true, tsBuildInfoFile: 'check.tsbuildinfo', noEmit: true, types: ['node', 'jest'] },
  include: ['../src/**/*.ts'],
}));
const tsc = spawnSync('npx', ['tsc', '-p', config, '--pretty', 'false'], { encoding: 'utf8' });
const own = tsc.stdout.split('\n').filter((line) => line.startsWith(`${folder}/`) || /^\s/.test(line));
const foreign = tsc.stdout.split('\n').filter((line) => /^(apps|libs)\//.test(line) && !line.startsWith(`${folder}/`));
if (foreign.length > 0) console.log(`(${foreign.length} type errors in packages it uses, not shown)`);
if (own.some((line) => line.startsWith(`${folder}/`))) {
  console.log(own.join('\n'));
  failed = true;
} else console.log('typecheck: ok');

const step = (name, command, args) => {
  try {
    execFileSync(command, args, { stdio: 'inherit' });
    console.log(`${name}: ok`);
  } catch {
    failed = true;
  }
};
if (!flags.includes('--types')) {
  if (!flags.includes('--no-lint')) step('lint', 'npx', ['oxlint', folder]);
  if (!flags.includes('--no-test')) step('test', 'npx', ['jest', '--passWithNoTests', '-c', resolve(folder, 'jest.config.cjs')]);
}
process.exit(failed ? 1 : 0);
