// Leaves, of the development packages, only those that compile: in package.json and its lock alike, so that `npm ci` installs them as locked, and
// none of what tests need. For images; it changes the files in the current directory.
import { readFileSync, writeFileSync } from 'node:fs';

const compiling = ['@swc/core', 'esbuild', '@kubernetes/client-node'];

function keep(file, rootOf) {
  const content = JSON.parse(readFileSync(file, 'utf8'));
  const root = rootOf(content);
  root.devDependencies = Object.fromEntries(compiling.map((name) => [name, root.devDependencies[name]]));
  writeFileSync(file, JSON.stringify(content));
}

keep('package.json', (content) => content);
keep('package-lock.json', (content) => content.packages['']);
