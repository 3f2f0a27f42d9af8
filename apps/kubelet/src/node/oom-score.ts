import { writeFile } from 'node:fs/promises';
import { type Logger } from '@navarch/component-base';

/** How willingly the kernel ends this process when memory runs out: upstream's --oom-score-adj. Who may not choose it is told so, and goes on. */
export async function applyOomScore(score: number, log: Logger, path = '/proc/self/oom_score_adj'): Promise<void> {
  try {
    await writeFile(path, String(score));
  } catch (error) {
    log.info({ err: error, score }, 'Failed to ApplyOOMScoreAdj');
  }
}
