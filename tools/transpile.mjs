// Compiles every package's src/ to dist/ without looking at types, in about two seconds: for images, where `npm test` has looked already.
//   node tools/transpile.mjs [apps/x libs/y ...]
import { readdirSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { transformSync } from '@swc/core';

const root = join(import.meta.dirname, '..');
const packages = process.argv.length > 2 ? process.argv.slice(2) : ['apps', 'libs'].flatMap((kind) => readdirSync(join(root, kind)).map((name) => join(kind, name)));

const options = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  // A dynamic import stays one, as tsc leaves it, since what it names may be an ES module; the annotation tells it what a file exports.
  module: { type: 'commonjs', ignoreDynamic: true, exportInteropAnnotation: true },
  sourceMaps: false,
};

let files = 0;
for (const folder of packages) {
  const source = join(root, folder, 'src');
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.spec.ts') || entry.name.endsWith('.d.ts')) continue;
    const path = join(entry.parentPath, entry.name);
    const target = join(root, folder, 'dist', relative(source, path).replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, transformSync(readFileSync(path, 'utf8'), { ...options, filename: path }).code);
    files += 1;
  }
}
console.log(`${files} files compiled`);
