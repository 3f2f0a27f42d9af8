// Regenerates all generated code and fails when that changes a file.
import { execFileSync } from 'node:child_process';

const folders = ['libs/proto/src/gen', 'libs/proto/descriptors.binpb', 'libs/api/src/gen'];
const state = () => execFileSync('git', ['status', '--porcelain', '--', ...folders], { encoding: 'utf8' });
const before = state();
execFileSync(process.execPath, ['tools/generate.mjs'], { stdio: 'inherit' });
const after = state();
if (after !== before || before !== '') {
  console.error(`generated code is not what the sources give; run npm run generate and commit:\n${after}`);
  process.exit(1);
}
