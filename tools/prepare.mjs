// Makes a clean clone ready: dependencies when they are missing or stale, and the build. No dependencies itself.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFieldDocs } from './field-docs.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.navarch-installed');
const lockHash = () => createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');

/** Node 20.19 is the first 20.x that can `require` ES modules, which some dependencies are. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Navarch needs Node 20.19 or later; this is ${process.versions.node}`);
    process.exit(1);
  }
}

/** Runs `npm ci` unless what is installed matches package-lock.json. */
export function ensureDependencies() {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash()) return;
  if (existsSync(join(root, 'node_modules', '.package-lock.json')) && !process.env.CI && !existsSync(stamp)) {
    // Installed by hand with npm: trust it when npm itself finds nothing to change.
    try {
      execFileSync('npm', ['ls', '--silent'], { cwd: root, stdio: 'ignore' });
      writeFileSync(stamp, lockHash());
      return;
    } catch {
      console.log('node_modules does not match package-lock.json');
    }
  }
  console.log('installing npm dependencies (npm ci) ...');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: 'inherit' });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lockHash());
}

/** Checks and compiles all processes and what they use, without the tests; does little when nothing changed. */
export async function build() {
  console.log('building ...');
  const apps = readdirSync(join(root, 'apps')).map((name) => `apps/${name}/tsconfig.lib.json`);
  execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-b', ...apps], { cwd: root, stdio: 'inherit' });
  // Not before there are dependencies.
  const { transpile } = await import('./transpile.mjs');
  transpile();
  writeFieldDocs();
}
