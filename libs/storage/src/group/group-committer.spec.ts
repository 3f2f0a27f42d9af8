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

  describe('of a write whose caller may give it up', () => {
    const giveUp = new Error('gone');

    function commits(): { commit: (signal: AbortSignal) => Promise<WriteOutcome>; others: () => Promise<WriteOutcome>; sent: string[]; abandoned: string[] } {
      const sent: string[] = [];
      const abandoned: string[] = [];
      const group = new GroupCommitter({ limits: groupedLimits, inFlight: 1, onAbandoned: (one) => abandoned.push(keysOf([one])) }, async (writes) => {
        sent.push(keysOf(writes));
        await new Promise((resolve) => setImmediate(resolve));
        return writes.map(() => done);
      });
      return { commit: (signal) => group.commit(write(put('a', 0)), signal), others: () => group.commit(write(put('b', 0))), sent, abandoned };
    }

    it('sends nothing when it is given up before, or in the turn in which it comes', async () => {
      const { commit, sent, abandoned } = commits();
      const aborter = new AbortController();
      const early = commit(AbortSignal.abort(giveUp));
      const justNow = commit(aborter.signal);
      aborter.abort(giveUp);
      for (const given of [early, justNow]) await expect(given).rejects.toMatchObject({ code: 'abandoned', cause: giveUp });
      expect({ sent, abandoned }).toEqual({ sent: [], abandoned: ['a', 'a'] });
    });

    it('sends nothing when it is given up a turn after it came', async () => {
      const { commit, sent } = commits();
      const aborter = new AbortController();
      const waiting = commit(aborter.signal);
      await new Promise((resolve) => setImmediate(resolve));
      aborter.abort(giveUp);
      await expect(waiting).rejects.toMatchObject({ code: 'abandoned' });
      expect(sent).toEqual([]);
    });

    it('sends nothing when it is given up a turn after it came, also when others are sent meanwhile', async () => {
      const { commit, others, sent } = commits();
      const aborter = new AbortController();
      const waiting = commit(aborter.signal);
      const other = others();
      await new Promise((resolve) => setImmediate(resolve));
      aborter.abort(giveUp);
      await expect(waiting).rejects.toMatchObject({ code: 'abandoned' });
      await other;
      expect(sent).toEqual(['b']);
    });

    it('answers what becomes of it when it is given up after it was sent', async () => {
      const { commit, sent, abandoned } = commits();
      const aborter = new AbortController();
      const waiting = commit(aborter.signal);
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(sent).toEqual(['a']);
      aborter.abort(giveUp);
      await expect(waiting).resolves.toBe(done);
      expect(abandoned).toEqual([]);
    });
  });
});
