// Do the references of code and documents lead somewhere? Rules (`rules 3.7`) and ADRs by number, links and paths by the files that git tracks.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' }).split('\n').filter((file) => existsSync(file));
const isGenerated = (file) => file.includes('/gen/');
const read = (file) => readFileSync(file, 'utf8');

const rules = new Set();
for (const section of read('docs/rules.md').split(/^## (?=\d)/m).slice(1)) {
  const [number] = /^\d+/.exec(section);
  rules.add(number);
  for (const [, item] of section.matchAll(/^(\d+)\. /gm)) rules.add(`${number}.${item}`);
}
const adrs = new Set(tracked.flatMap((file) => /^docs\/adr\/(\d{4})-/.exec(file)?.[1] ?? []).map(Number));

const problems = [];
for (const file of tracked.filter((name) => /\.(ts|mjs|proto|md)$/.test(name) && !isGenerated(name))) {
  read(file).split('\n').forEach((line, index) => {
    const miss = (what) => problems.push(`${file}:${index + 1}: ${what}`);
    for (const [, list] of line.matchAll(/\brules (\d(?:\.\d+)?(?:, \d\.\d+)*)/g)) {
      for (const rule of list.split(', ')) if (!rules.has(rule)) miss(`docs/rules.md has no rule ${rule}`);
    }
    for (const [, adr] of line.matchAll(/\bADRs? (\d+)\b/g)) if (!adrs.has(Number(adr))) miss(`there is no ADR ${adr}`);
    if (!file.endsWith('.md')) return;
    for (const [, link] of line.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)) {
      if (!existsSync(normalize(join(dirname(file), link)))) miss(`${link} does not exist`);
    }
    for (const [, path] of line.matchAll(/`((?:apps|libs|docs|proto|tools|examples)\/[\w./-]+)`/g)) {
      // What is built may not be there yet.
      if (!path.includes('/dist/') && !existsSync(path)) miss(`${path} does not exist`);
    }
  });
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
