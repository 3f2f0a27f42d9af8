import { FakeClock } from '@navarch/clock';
import { silentLogger } from '@navarch/component-base';
import { makeTempDir } from '@navarch/testing';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf, ReloadedFile } from './reloaded-file';

it('takes over what changes, tells of what is wrong once, and keeps what was good', async () => {
  await using directory = await makeTempDir();
  const path = join(directory.path, 'config');
  const [applied, told, used]: [string[], string[], string[]] = [[], [], []];
  const file = new ReloadedFile({
    name: 'config', path, everyMs: 1000,
    apply: (text) => {
      if (text === 'bad') throw new Error('bad');
      applied.push(text);
    },
  }, 'one', { clock: new FakeClock(0), log: silentLogger, observer: { reloaded: (outcome) => told.push(outcome), inUse: (hash) => used.push(hash) } });
  for (const text of ['one', 'two', 'two', 'bad', 'bad', 'three']) {
    await writeFile(path, text);
    await file.look();
  }
  expect(applied).toEqual(['two', 'three']);
  expect(told).toEqual(['success', 'failure', 'success']);
  expect(used).toEqual(['one', 'two', 'three'].map(hashOf));
});
