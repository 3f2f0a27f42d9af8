import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../..');

describe('npm run help', () => {
  it('lists every script', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const help = execFileSync(process.execPath, [join(root, 'tools/help.mjs')], { encoding: 'utf8' });
    const listed = (script: string): boolean => new RegExp(`npm (run )?${script}\\b`).test(help);
    expect(Object.keys(scripts).filter((script) => script !== 'help' && !listed(script))).toEqual([]);
  });
});
