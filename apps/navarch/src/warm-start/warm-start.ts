import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessSpec } from '../processes/process-spec';

/** What is built and installed now, in short: changes with every build and with every `npm ci`. */
function buildStamp(root: string): string {
  const hash = createHash('sha256').update(process.version);
  const builds = ['apps', 'libs'].flatMap((kind) => readdirSync(join(root, kind)).map((name) => join(root, kind, name, 'dist', 'tsconfig.lib.tsbuildinfo')));
  for (const file of [join(root, 'node_modules', '.package-lock.json'), ...builds]) hash.update(`${file} ${statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0} `);
  return hash.digest('hex').slice(0, 16);
}

/** Lets services remember their compiled code from one start to the next; forgets what was of other builds. */
export function withWarmStart(specs: readonly ProcessSpec[], root: string, folder: string): ProcessSpec[] {
  const stamp = buildStamp(root);
  const current = join(folder, stamp);
  mkdirSync(current, { recursive: true });
  for (const name of readdirSync(folder)) if (name !== stamp) rmSync(join(folder, name), { recursive: true, force: true });
  const preload = join(root, 'apps', 'navarch', 'dist', 'warm-start', 'preload.js');
  return specs.map((spec) => {
    if (spec.command !== process.execPath) return spec;
    const service = spec.name.split('@')[0] ?? spec.name;
    return { ...spec, args: ['--require', preload, ...spec.args], env: { ...spec.env, NAVARCH_WARM_START: join(current, service) } };
  });
}
