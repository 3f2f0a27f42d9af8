// The ring `static`: what can be said of the project without running it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { has } from '../system-packages.mjs';
import { bin, command, secondsSince } from './command.mjs';

export async function staticChecks(tally) {
  console.log('\n== static checks');
  /** One command that passes or fails as a whole. */
  const check = async (name, program, ...args) => {
    const start = Date.now();
    const { code, output } = await command(program, args);
    if (code === 0) {
      tally.pass();
      console.log(`ok      ${name} (${secondsSince(start)})`);
    } else {
      tally.fail(name);
      console.log(`FAILED  ${name} (${secondsSince(start)})\n${output}`);
    }
  };
  await check('buf lint', bin('buf'), 'lint');
  await check('buf breaking', bin('buf'), 'breaking', '--against', 'proto/baseline.binpb');
  await check('generated code is up to date', process.execPath, 'tools/generated-is-current.mjs');
  await check('references lead somewhere', process.execPath, 'tools/references.mjs');
  await check('nx sync:check', bin('nx'), 'sync:check');
  // What nx's targets of that name do, by one compiler for all packages: each of theirs would load the same types again.
  await check('typecheck', bin('tsc'), '-b');
  // One run over all packages: the types are loaded once.
  await check('lint', bin('oxlint'), 'libs', 'apps');
  if (!has('docker-compose')) {
    tally.skip('static', 'docker-compose is not installed');
    return;
  }
  const overrides = readdirSync(join(root, 'examples/swap'), { recursive: true }).filter((file) => /docker-compose\..*yml$/.test(file)).map((file) => join('examples/swap', file));
  await check('docker-compose config', 'docker-compose', 'config', '-q');
  for (const file of overrides) await check(`docker-compose config of ${file}`, 'docker-compose', '-f', 'docker-compose.yml', '-f', file, 'config', '-q');
}
