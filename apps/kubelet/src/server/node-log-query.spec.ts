import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeletHarness } from '../testing/kubelet-harness';
import { ServerBench } from '../testing/server-bench';
import { journalArguments, nodeLogQuery } from './node-log-query';

describe('a query of the node\'s logs', () => {
  const read = (text: string): ReturnType<typeof nodeLogQuery> => nodeLogQuery(new URLSearchParams(text));

  it.each(['', 'other=1'])('is none in "%s"', (text) => expect(read(text)).toBeUndefined());

  it.each([
    ['query=%20', 400, 'query: Invalid value: [" "]: query cannot be empty\n'],
    ['query=a&sinceTime=yesterday', 400, 'sinceTime: Invalid value: "yesterday": invalid time format\n'],
    ['query=a&boot=x&tailLines=y', 400, '[boot: Invalid value: "x": strconv.Atoi: parsing "x": invalid syntax, tailLines: Invalid value: "y": strconv.Atoi: parsing "y": invalid syntax]\n'],
    ['boot=-1', 406, 'query: Required value: cannot be empty with options\n'],
    ['query=a&query=/b', 406, 'query: Invalid value: "[/b], [a]": cannot specify a file and service\n'],
    ['query=/a&query=/b', 406, 'query: Invalid value: ["/a","/b"]: cannot specify more than one file\n'],
    ['query=/a&boot=0', 406, 'query: Invalid value: ["/a"]: cannot specify file with options\n'],
    ['query=a%3Bls', 406, 'query: Invalid value: "a;ls": input contains unsupported characters\n'],
    ['query=a&query=b&query=c&query=d&query=e', 406, 'query: Too many: 5: must have at most 4 items\n'],
    ['query=a&boot=1', 406, 'boot: Invalid value: 1: must be less than 1\n'],
    ['query=a&tailLines=100001', 406, 'tailLines: Invalid value: 100001: must be between 0 and 100000, inclusive\n'],
    ['query=a&sinceTime=2026-01-02T00:00:00Z&untilTime=2026-01-01T00:00:00Z', 406, 'untilTime: Invalid value: "2026-01-01T00:00:00.000Z": must be after `sinceTime`\n'],
  ])('is refused as "%s"', (text, code, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code, message }) as Error);
  });

  it('becomes arguments of journalctl, in UTC', () => {
    const query = read('query=kubelet&query=containerd&sinceTime=2026-01-02T03:04:05%2B01:00&untilTime=2026-01-02T04:00:00Z&tailLines=10&boot=-1&pattern=--x')!;
    expect(journalArguments(query, query.services)).toEqual([
      '--utc', '--no-pager', '--output=short-precise', '--since=2026-01-02 02:04:05', '--until=2026-01-02 04:00:00', '--pager-end', '--lines=10', '--unit=kubelet', '--unit=containerd', '--grep=--x', '--boot', '-1',
    ]);
  });
});

describe('/logs?query=', () => {
  let harness: KubeletHarness;
  let server: ServerBench;
  const answer = async (path: string): Promise<string> => (await server.get(path)).body;

  beforeAll(async () => {
    harness = await KubeletHarness.open();
    await harness.start();
    server = await ServerBench.open(harness.root, harness.bench.kubelet, harness.runtime, harness.clock);
    const folder = join(harness.root, 'server');
    // A journal with one service in it, which shows what it was asked.
    await writeFile(join(folder, 'journalctl'), '#!/bin/sh\nif [ "$1" = --field ]; then echo kubelet.service; echo ssh.service; else echo "$@"; echo trouble >&2; fi\n');
    await chmod(join(folder, 'journalctl'), 0o755);
    await mkdir(join(folder, 'logs', 'web'), { recursive: true });
    await writeFile(join(folder, 'logs', 'dns.log'), 'resolved\n');
    await writeFile(join(folder, 'logs', 'web', 'web.log'), 'served\n');
    await symlink(join(folder, 'tls.key'), join(folder, 'logs', 'key.log'));
  });
  afterAll(async () => {
    await server.server.stop();
    await harness.close();
  });

  it('shows what services wrote to the journal, and what journalctl complains of', async () => {
    const text = await answer('/logs/?query=kubelet&tailLines=5');
    expect(text).toContain('--utc --no-pager --output=short-precise --pager-end --lines=5 --unit=kubelet\n');
    expect(text).toContain('trouble\n');
  });

  it('shows the files of services that have no journal', async () => {
    expect(await answer('/logs/?query=dns&query=web')).toBe('resolved\nserved\n');
    expect(await answer('/logs/?query=dns&boot=0')).toBe('\noptions present and query resolved to log files for [dns]\ntry without specifying options\n');
  });

  it('shows a file by its name, and none that links lead to outside', async () => {
    expect(await answer('/logs/?query=/web/web.log')).toBe('served\n');
    expect(await answer('/logs/?query=key')).toBe('\nlog not found for key\n');
    await expect(server.get('/logs/?query=/../tls.key')).resolves.toMatchObject({ code: 404 });
  });

  it('says what it does not take', async () => {
    await expect(server.get('/logs/web?query=dns')).resolves.toEqual({ code: 406, body: 'path not allowed in query mode\n' });
    await expect(server.get('/logs/?query=')).resolves.toMatchObject({ code: 400 });
  });

  it('works without any journal', async () => {
    await writeFile(join(harness.root, 'server', 'journalctl'), '#!/bin/sh\nexit 1\n');
    expect(await answer('/logs/?query=dns&query=kubelet')).toBe('resolved\n\nlog not found for kubelet\n');
  });
});
