// Compiles every package's src/ to dist/ without looking at types, in about two seconds: tsc looks at them, and writes declarations only (ADR 14).
//   node tools/transpile.mjs      what is new, or newer than what it became
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { transformSync } from '@swc/core';

const root = join(import.meta.dirname, '..');

const options = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  // A dynamic import stays one, as tsc leaves it, since what it names may be an ES module; the annotation tells it what a file exports.
  module: { type: 'commonjs', ignoreDynamic: true, exportInteropAnnotation: true },
  sourceMaps: false,
};

const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Answers how many files were compiled. */
export function transpile() {
  const ownChange = changedAt(import.meta.filename);
  let files = 0;
  for (const folder of ['apps', 'libs'].flatMap((kind) => readdirSync(join(root, kind)).map((name) => join(kind, name)))) {
    const source = join(root, folder, 'src');
    for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.spec.ts') || entry.name.endsWith('.d.ts')) continue;
      const path = join(entry.parentPath, entry.name);
      const target = join(root, folder, 'dist', relative(source, path).replace(/\.ts$/, '.js'));
      if (changedAt(target) > Math.max(changedAt(path), ownChange)) continue;
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, transformSync(readFileSync(path, 'utf8'), { ...options, filename: path }).code);
      files += 1;
    }
  }
  return files;
}

if (process.argv[1] === import.meta.filename) console.log(`${transpile()} files compiled`);
