import { StoreError } from '../store-error';
import { type Write, type WriteOutcome } from '../types';
import { put, write } from '../spec/store-builders';
import { GroupCommitter } from './group-committer';
import { groupedLimits } from './write-queue';

const done: WriteOutcome = { ok: true, resourceVersions: [1], modRevision: 1 };
const keysOf = (writes: readonly Write[]): string => writes.flatMap(({ ops }) => ops.map(({ key }) => key)).join(' ');

function committer(transact: (writes: readonly Write[]) => Promise<WriteOutcome[]>): { committer: GroupCommitter; sent: string[] } {
  const sent: string[] = [];
  return {
    sent,
    committer: new GroupCommitter({ limits: groupedLimits, inFlight: 1 }, (writes) => {
      sent.push(keysOf(writes));
      return transact(writes);
    }),
  };
}

describe('GroupCommitter', () => {
  it('gathers writes while a group is under way', async () => {
    const { committer: commits, sent } = committer(async (writes) => {
      if (keysOf(writes) === 'a') late = [commits.commit(write(put('b', 0))), commits.commit(write(put('c', 0)))];
      await new Promise((resolve) => setImmediate(resolve));
      return writes.map(() => done);
    });
    let late: Promise<WriteOutcome>[] = [];
    await commits.commit(write(put('a', 0)));
    await Promise.all(late);
    expect(sent).toEqual(['a', 'b c']);
  });

  it.each(['invalid', 'leaseNotFound', 'tooLarge'] as const)('sends each write alone after %s, because nothing was applied', async (code) => {
    const { committer: commits, sent } = committer((writes) =>
      keysOf(writes).includes('bad') ? Promise.reject(new StoreError(code, 'refused')) : Promise.resolve(writes.map(() => done)));
    const results = await Promise.allSettled(['a', 'bad', 'c'].map((key) => commits.commit(write(put(key, 0)))));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(sent).toEqual(['a bad c', 'a', 'bad', 'c']);
  });

  it.each(['timeout', 'unavailable', 'noSpace'] as const)('never sends a write again after %s', async (code) => {
    const { committer: commits, sent } = committer(() => Promise.reject(new StoreError(code, 'who knows')));
    const results = await Promise.allSettled(['a', 'b'].map((key) => commits.commit(write(put(key, 0)))));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(sent).toEqual(['a b']);
  });

  it('refuses what waits when it closes, and all later', async () => {
    const { committer: commits, sent } = committer((writes) => Promise.resolve(writes.map(() => done)));
    const waiting = commits.commit(write(put('a', 0)));
    commits.close();
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
    await expect(commits.commit(write(put('b', 0)))).rejects.toMatchObject({ code: 'unavailable' });
    expect(sent).toEqual([]);
  });
});
