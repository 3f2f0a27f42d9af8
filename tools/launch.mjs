// `npm run up`, `down`, `status`, ...: prepares the clone, then hands over to the launcher in apps/navarch; `bench` to apps/bench.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, checkNode, ensureDependencies, root } from './prepare.mjs';

checkNode();
const [command, ...rest] = process.argv.slice(2);
try {
  ensureDependencies();
  if (command !== 'status') build();
} catch (error) {
  console.error(`could not prepare Navarch: ${error.message}`);
  process.exit(1);
}
const program = command === 'bench' ? [join(root, 'apps/bench/dist/main.js')] : [join(root, 'apps/navarch/dist/main.js'), command];
const child = spawn(process.execPath, [...program, ...rest], { cwd: root, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
