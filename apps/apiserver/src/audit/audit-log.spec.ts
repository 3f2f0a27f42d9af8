import { FakeClock } from '@navarch/clock';
import { makeTempDir } from '@navarch/testing';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { anAuditEvent, auditCounts } from '../testing/an-audit-event';
import { AuditLog, type AuditLogOptions } from './audit-log';

const START = Date.parse('2026-01-01T00:00:00Z');
const LINE = Buffer.byteLength(JSON.stringify(anAuditEvent('0'))) + 1;

interface World {
  readonly directory: string;
  readonly path: string;
  readonly open: (over?: Partial<AuditLogOptions>) => AuditLog;
  readonly lost: () => Promise<Record<string, number>>;
  readonly faults: unknown[];
}

async function inDirectory(act: (world: World) => Promise<void>): Promise<void> {
  await using temp = await makeTempDir();
  const [{ metrics, lost }, faults, path] = [auditCounts(), [] as unknown[], join(temp.path, 'logs', 'audit.log')];
  const open = (over: Partial<AuditLogOptions> = {}): AuditLog =>
    new AuditLog({ path, format: 'json', maxBytes: 0, maxBackups: 0, maxAgeMs: 0, compress: false, ...over }, { clock: new FakeClock(START), metrics, onBackupError: (error) => faults.push(error) });
  await act({ directory: join(temp.path, 'logs'), path, open, lost, faults });
}

const idsIn = (text: string): string[] => text.trim().split('\n').map((line) => (JSON.parse(line) as { auditID: string }).auditID);

it('adds lines to what is there, in the order of events, also of many at once', () => inDirectory(async ({ path, open, lost }) => {
  const log = open();
  await log.start();
  const wanted = Array.from({ length: 50 }, (_, i) => String(i % 10));
  expect(await Promise.all(wanted.map((id) => log.process([anAuditEvent(id)])))).toEqual(wanted.map(() => true));
  await log.stop();
  const again = open();
  await again.start();
  await again.process([anAuditEvent('x')]);
  await again.stop();
  expect(idsIn(await readFile(path, 'utf8'))).toEqual([...wanted, 'x']);
  expect(await lost()).toEqual({});
}));

it('puts a full file aside under a name with its time, and keeps as many as it should', () => inDirectory(async ({ path, directory, open }) => {
  const log = open({ maxBytes: 2 * LINE, maxBackups: 2 });
  await log.start();
  await Promise.all(Array.from('01234567', (id) => log.process([anAuditEvent(id)])));
  await log.stop();
  expect(idsIn(await readFile(path, 'utf8'))).toEqual(['6', '7']);
  const files = (await readdir(directory)).filter((name) => name !== 'audit.log').sort();
  expect(files).toEqual(['audit-2026-01-01T00-00-00.001.log', 'audit-2026-01-01T00-00-00.002.log']);
  expect(await Promise.all(files.map(async (name) => idsIn(await readFile(join(directory, name), 'utf8'))))).toEqual([['2', '3'], ['4', '5']]);
}));

it('compresses what it put aside', () => inDirectory(async ({ directory, open, faults }) => {
  const log = open({ maxBytes: LINE, compress: true });
  await log.start();
  await Promise.all(Array.from('012', (id) => log.process([anAuditEvent(id)])));
  await log.stop();
  const files = (await readdir(directory)).filter((name) => name !== 'audit.log').sort();
  expect(files).toEqual(['audit-2026-01-01T00-00-00.000.log.gz', 'audit-2026-01-01T00-00-00.001.log.gz']);
  expect(idsIn(gunzipSync(await readFile(join(directory, files[1] ?? ''))).toString())).toEqual(['1']);
  expect(faults).toEqual([]);
}));

it('removes what is too old by its name, and nothing that is not its own', () => inDirectory(async ({ directory, open }) => {
  await mkdir(directory);
  const others = ['audit-notes.log', 'audit-2025-12-31T00-00-00.000.txt', 'other-2020-01-01T00-00-00.000.log'];
  for (const name of [...others, 'audit-2025-12-01T00-00-00.000.log.gz', 'audit-2025-12-30T00-00-00.000.log', 'audit-2025-12-31T23-00-00.000.log']) await writeFile(join(directory, name), '');
  const log = open({ maxAgeMs: 86_400_000 });
  await log.start();
  await log.stop();
  expect((await readdir(directory)).sort()).toEqual([...others, 'audit-2025-12-31T23-00-00.000.log', 'audit.log'].sort());
}));

it('counts what it cannot write, and goes on when it can', () => inDirectory(async ({ directory, path, open, lost }) => {
  const log = open({ maxBytes: LINE });
  await log.start();
  await log.process([anAuditEvent('0')]);
  await rename(directory, `${directory}-moved`);
  expect(await log.process([anAuditEvent('1')])).toBe(false);
  expect(await lost()).toEqual({ log: 1 });
  await rename(`${directory}-moved`, directory);
  expect(await log.process([anAuditEvent('2')])).toBe(true);
  await log.stop();
  expect(idsIn(await readFile(path, 'utf8'))).toEqual(['2']);
}));

it('writes the legacy format', () => inDirectory(async ({ path, open }) => {
  const log = open({ format: 'legacy' });
  await log.start();
  await log.process([anAuditEvent('7')]);
  await log.stop();
  expect(await readFile(path, 'utf8')).toMatch(/^2026-01-01T00:00:00\.12Z AUDIT: id="7" .* response="<deferred>"\n$/);
}));
