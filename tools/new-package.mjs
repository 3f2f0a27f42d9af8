// Creates the skeleton of a workspace package: `npm run new-package -- libs/clock type:util [scope:shared]`.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const [folder, type, scope = 'scope:shared'] = process.argv.slice(2);
if (!folder || !/^(apps|libs)\/[a-z0-9-]+$/.test(folder) || !/^type:/.test(type ?? '')) {
  console.error('usage: npm run new-package -- (apps|libs)/<name> type:<app|infra|domain|contract|util|testing> [scope:<name>]');
  process.exit(2);
}
if (existsSync(join(folder, 'package.json'))) {
  console.error(`${folder} exists already`);
  process.exit(1);
}
const name = basename(folder);
const write = (file, text) => {
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, file), text);
};
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

write('package.json', json({
  name: `@navarch/${name}`, version: '0.1.0', private: true, license: 'Apache-2.0',
  main: './dist/index.js', types: './dist/index.d.ts',
  exports: {
    './package.json': './package.json',
    '.': { '@navarch/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
  },
  nx: { name, tags: [type, scope] },
  dependencies: {},
}));
write('tsconfig.json', json({ extends: '../../tsconfig.base.json', files: [], include: [], references: [{ path: './tsconfig.lib.json' }, { path: './tsconfig.spec.json' }] }));
write('tsconfig.lib.json', json({
  extends: '../../tsconfig.base.json',
  compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/tsconfig.lib.tsbuildinfo' },
  include: ['src/**/*.ts'], exclude: ['src/**/*.spec.ts'], references: [],
}));
write('tsconfig.spec.json', json({
  extends: '../../tsconfig.base.json',
  compilerOptions: { outDir: 'out-tsc/spec', types: ['node', 'jest'] },
  include: ['src/**/*.spec.ts'], references: [{ path: './tsconfig.lib.json' }],
}));
write('jest.config.cjs', `module.exports = { displayName: '${name}', preset: '../../jest.preset.cjs' };\n`);
write('src/index.ts', 'export {};\n');
