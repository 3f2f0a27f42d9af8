import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@navarch/component-base';
import { applyOomScore } from './oom-score';

it('tells the kernel how willingly to end it, and goes on where it may not', async () => {
  const root = await mkdtemp(join(tmpdir(), 'oom-'));
  try {
    await applyOomScore(-999, silentLogger, join(root, 'oom_score_adj'));
    await expect(readFile(join(root, 'oom_score_adj'), 'utf8')).resolves.toBe('-999');
    await expect(applyOomScore(-999, silentLogger, join(root, 'none', 'oom_score_adj'))).resolves.toBeUndefined();
  } finally {
    await rm(root, { recursive: true });
  }
});
