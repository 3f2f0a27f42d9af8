import { SyncRounds, type SyncType } from './sync-rounds';

describe('SyncRounds', () => {
  const ended: [SyncType, number][] = [];
  const rounds = new SyncRounds((type, seconds) => ended.push([type, seconds]));
  const newly = (): [SyncType, number][] => ended.splice(0);

  it('measure from the first look until nothing is under way, whatever is seen meanwhile', () => {
    rounds.looked(true, false, 1_000);
    rounds.updated();
    rounds.looked(true, false, 2_000);
    expect(newly()).toEqual([]);
    rounds.looked(false, false, 4_000);
    expect(newly()).toEqual([['create', 3]]);
  });

  it('tell for whose sake a look was: a newer object that came during the last one, nothing, the end', () => {
    rounds.looked(false, false, 5_000);
    rounds.looked(false, false, 6_000);
    rounds.looked(true, true, 7_000);
    rounds.looked(false, true, 7_500);
    expect(newly()).toEqual([['update', 0], ['sync', 0], ['kill', 0.5]]);
  });
});
