import { appendFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { linkLog, logLinkName, removeDanglingLinks } from './container-logs';
import { logTimeToNanoseconds, parseLogLine } from './cri-log-line';
import { rotatedFiles, rotateLog } from './log-rotation';
import { readLogs, type ReadLogsOptions } from './read-logs';

const line = (second: number, text: string, stream = 'stdout', tag = 'F'): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000001Z ${stream} ${tag} ${text}\n`;

describe('logs', () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'logs-'));
    path = join(directory, '0.log');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const read = async (options: Partial<ReadLogsOptions> = {}): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of readLogs(path, { follow: false, timestamps: false, ...options }, () => true, new AbortController().signal)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  it.each<[string, Partial<ReadLogsOptions>, string]>([
    ['all', {}, 'one\ntwo\nthree, in parts\nfour\n'],
    ['the last lines', { tailLines: 2 }, ', in parts\nfour\n'],
    ['no lines', { tailLines: 0 }, ''],
    ['more lines than there are', { tailLines: 99 }, 'one\ntwo\nthree, in parts\nfour\n'],
    ['since a moment', { sinceNs: logTimeToNanoseconds('2026-01-01T00:00:03.000000001Z')! }, 'three, in parts\nfour\n'],
    ['one stream', { stream: 'stderr' }, 'two\n'],
    ['so many bytes', { limitBytes: 6 }, 'one\ntw'],
    ['times', { timestamps: true, tailLines: 1 }, '2026-01-01T00:00:04.000000001Z four\n'],
  ])('reads %s', async (_what, options, expected) => {
    await writeFile(path, line(1, 'one') + line(2, 'two', 'stderr') + line(3, 'three', 'stdout', 'P') + line(3, ', in parts') + line(4, 'four'));
    await expect(read(options)).resolves.toBe(expected);
  });

  it('links to logs that are there, until they are gone', async () => {
    const links = join(directory, 'containers');
    await linkLog(join(links, 'none.log'), path);
    await writeFile(path, 'log');
    for (let times = 0; times < 2; times++) await linkLog(join(links, 'some.log'), path);
    await removeDanglingLinks(links);
    expect(await readdir(links)).toEqual(['some.log']);
    await rm(path);
    await removeDanglingLinks(links);
    expect(await readdir(links)).toEqual([]);
    expect(logLinkName({ pod: 'p'.repeat(253), namespace: 'n', container: 'c', id: 'i' })).toBe(`${'p'.repeat(251)}.log`);
  });

  it('finds the tail of a log of many chunks', async () => {
    const lines = Array.from({ length: 9000 }, (_, index) => line(index % 60, `line ${index} ${'x'.repeat(index % 50)}`));
    await writeFile(path, lines.join(''));
    expect((await read({ tailLines: 4000 })).split('\n')[0]).toMatch(/^line 5000 /);
    expect((await read()).split('\n')).toHaveLength(9001);
  });

  it('follows across a rotation until the container has ended', async () => {
    await writeFile(path, line(1, 'one'));
    let ended = false;
    const got: string[] = [];
    const steps = [
      () => appendFile(path, line(2, 'two')),
      async () => {
        await appendFile(path, line(3, 'last words in the old file'));
        await rename(path, `${path}.20260101-000000`);
        await writeFile(path, line(4, 'new file'));
      },
      async () => {
        await appendFile(path, line(5, 'end'));
        ended = true;
      },
    ];
    for await (const chunk of readLogs(path, { follow: true, timestamps: false }, () => ended, new AbortController().signal)) {
      got.push(chunk.toString());
      if (/one|two|new file/.test(chunk.toString())) await steps.shift()?.();
    }
    expect(got.join('')).toBe('one\ntwo\nlast words in the old file\nnew file\nend\n');
  });

  it('stops following at the signal', async () => {
    await writeFile(path, line(1, 'one'));
    const abort = new AbortController();
    const got: string[] = [];
    for await (const chunk of readLogs(path, { follow: true, timestamps: false }, () => false, abort.signal)) {
      got.push(chunk.toString());
      abort.abort();
    }
    expect(got).toEqual(['one\n']);
  });

  it('is rotated when it is large: the newest kept as it is, older ones compressed, the oldest removed', async () => {
    const reopened: string[] = [];
    const rotate = (second: number): Promise<boolean> => rotateLog(path, { maxBytes: 10, maxFiles: 3 }, Date.parse(`2026-01-01T00:00:0${second}Z`), async () => {
      reopened.push(`${second}`);
      await writeFile(path, '');
    });
    await writeFile(path, 'small');
    await expect(rotate(1)).resolves.toBe(false);
    for (const second of [2, 3, 4]) {
      await writeFile(path, `written before ${second}`);
      await expect(rotate(second)).resolves.toBe(true);
    }
    const files = await rotatedFiles(path);
    expect(files.map((file) => file.slice(path.length))).toEqual(['.20260101-000003.gz', '.20260101-000004']);
    expect(gunzipSync(await readFile(files[0]!)).toString()).toBe('written before 3');
    expect(reopened).toEqual(['2', '3', '4']);
  });

  it('gets its name back when the runtime cannot begin a new one', async () => {
    await writeFile(path, 'long enough to rotate');
    await expect(rotateLog(path, { maxBytes: 10, maxFiles: 3 }, 0, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await readdir(directory)).toEqual(['0.log']);
  });

  it.each(['', 'x', '2026 stdout', '2026 stdin F x'])('passes over %j, which is no line', (text) => {
    expect(parseLogLine(Buffer.from(text))).toBeUndefined();
  });
});
