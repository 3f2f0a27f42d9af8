import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(__dirname, '../../..');
const folder = join(root, 'node_modules/.cache/navarch-bundles');
const bundles = new Map<string, string>();

/**
 * The path of a TypeScript program and all that it imports from source as one file of JavaScript, made anew once in a spec. A test that starts the program
 * many times pays for compiling it once, not with each start.
 */
export function bundle(entry: string): string {
  const known = bundles.get(entry);
  if (known !== undefined) return known;
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${relative(root, entry).replace(/\.ts$/, '').replaceAll('/', '-')}.cjs`);
  const written = `${path}.${process.pid}`;
  execFileSync(require.resolve('esbuild/bin/esbuild'), [entry, '--bundle', '--platform=node', '--format=cjs', '--conditions=@navarch/source', '--log-level=error', `--outfile=${written}`]);
  renameSync(written, path);
  bundles.set(entry, path);
  return path;
}
