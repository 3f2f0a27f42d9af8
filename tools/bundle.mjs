// Writes each process and all that it uses into one file, dist/main.js, which starts in half the time: for images, after tools/transpile.mjs.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const apps = readdirSync(join(root, 'apps'));

const beside = /\brequire\.resolve\('(\.\/[^']+)'\)/g;

/** A module that looks for files beside itself finds them where they are, not beside the bundle, which is `depth` folders below the project. */
const staysInPlace = (depth) => ({
  name: 'stays-in-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.(?:c?js|ts)$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!/\b__dirname\b/.test(text) && text.search(beside) < 0) return undefined;
      const inProject = relative(root, dirname(path));
      const place = inProject.startsWith('node_modules') ? inProject : inProject.replace(/\/src(?=\/|$)/, '/dist');
      const contents = `var __dirname = require('node:path').join(__bundle, ${JSON.stringify('../'.repeat(depth) + place)}); ${text.replace(beside, "require.resolve(require('node:path').join(__dirname, '$1'))")}`;
      return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    });
  },
});

/** What Node is told to run, of each app that has it. */
const bundle = (name, depth) => build({
  entryPoints: apps.filter((app) => existsSync(join(root, 'apps', app, 'src', `${name}.ts`))).map((app) => ({ in: join(root, 'apps', app, 'src', `${name}.ts`), out: `${app}/dist/${name}` })),
  outdir: join(root, 'apps'), bundle: true, platform: 'node', target: 'node20', conditions: ['@navarch/source'],
  // Names are read: by logs, metrics and errors.
  keepNames: true, logLevel: 'error', banner: { js: 'const __bundle = __dirname;' }, plugins: [staysInPlace(depth)],
});

await bundle('main', 3);
await bundle('offload/work-thread', 4);
