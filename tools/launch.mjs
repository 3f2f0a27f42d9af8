// `npm run up`, `down`, `status`, ...: prepares the clone, then hands over to the launcher in apps/navarch; `bench` to apps/bench.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, checkNode, ensureDependencies, root } from './prepare.mjs';

checkNode();
const [command, ...rest] = process.argv.slice(2);
const launcher = join(root, 'apps/navarch/dist/main.js');

// npm keeps options that do not follow `--` to itself.
for (const option of ['nodes', 'runtime', 'name', 'purge', 'api-port', 'flag']) {
  const value = process.env[`npm_config_${option.replaceAll('-', '_')}`];
  if (value === undefined || value === '') continue;
  const script = process.env.npm_lifecycle_event ?? command;
  console.error(`npm took --${option} for itself; put -- before it: npm run ${script} -- --${option}${[value === 'true' ? '' : value, ...rest].map((word) => (word === '' ? '' : ` ${word}`)).join('')}`);
  process.exit(1);
}

// What runs was built; only a start must use what the clone holds now. Stopping must work whatever state the clone is in.
if (['up', 'bench'].includes(command) || !existsSync(launcher)) {
  try {
    ensureDependencies();
    await build();
  } catch (error) {
    console.error(`could not prepare Navarch: ${error.message}`);
    process.exit(1);
  }
}
const program = command === 'bench' ? [join(root, 'apps/bench/dist/main.js')] : [launcher, command];
const child = spawn(process.execPath, [...program, ...rest], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
