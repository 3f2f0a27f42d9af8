// Puts the table that the last run of the compose tests wrote into docs/compose.md, between its two marks.
//   node tools/compose/document.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const page = join(root, 'docs', 'compose.md');
const [begin, end] = ['<!-- measured: written by tools/compose/document.mjs -->', '<!-- end of what was measured -->'];

export function document() {
  const table = readFileSync(join(root, 'test-output', 'compose-measured.md'), 'utf8').trim();
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no place for what was measured`);
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`);
}

if (process.argv[1] === import.meta.filename) document();
