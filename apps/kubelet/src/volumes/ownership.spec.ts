import { promises } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@navarch/clock';
import { aPod } from '../testing/pod-bench';
import { RecordedEvents } from '../testing/recorded-events';
import { setGroupOwnership } from './ownership';
import { tellingProgress } from './ownership-progress';

describe('files that are given to a group', () => {
  let volume: string;
  beforeEach(async () => {
    volume = await mkdtemp(join(tmpdir(), 'ownership-'));
    await mkdir(join(volume, 'deep'));
    await writeFile(join(volume, 'deep/file'), '', { mode: 0o600 });
  });
  afterEach(() => rm(volume, { recursive: true, force: true }));

  it('are counted, and have their modes changed also where their owner cannot be', async () => {
    jest.spyOn(promises, 'chown').mockRejectedValue(new Error('not permitted'));
    const problems: unknown[] = [];
    let files = 0;
    await setGroupOwnership(volume, { group: 4000, readOnly: false, onFile: () => files++, onProblem: (error) => problems.push(error) });
    jest.restoreAllMocks();
    expect([files, problems.length]).toEqual([3, 3]);
    expect((await stat(join(volume, 'deep/file'))).mode & 0o777).toBe(0o660);
    expect((await stat(join(volume, 'deep'))).mode & 0o2770).toBe(0o2770);
  });

  it('are told of while that takes long', async () => {
    const clock = new FakeClock();
    const events = new RecordedEvents();
    const pod = aPod({}, { uid: 'u' });
    let end = (): void => undefined;
    const walk = tellingProgress(pod, '/var/lib/pods/u/volumes/x', { events, clock }, (onFile) => {
      onFile();
      onFile();
      return new Promise((resolve) => (end = resolve));
    });
    await clock.advance(29_999);
    expect(events.lines).toEqual([]);
    await clock.advance(60_001);
    const place = 'VolumePermissionChangeInProgress: Setting volume ownership for u/volumes/x';
    expect(events.lines).toEqual([expect.stringContaining(`${place} is taking longer than expected, consider using OnRootMismatch`), `${place}, processed 2 files.`]);
    end();
    await walk;
    await clock.advance(600_000);
    expect(events.lines).toHaveLength(2);
  });
});
