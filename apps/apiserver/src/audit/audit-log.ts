import { exactJsonText } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AuditBackend } from './audit-backend';
import { type AuditEvent, legacyLine } from './audit-event';
import type { AuditMetrics } from './audit-metrics';
import { type BackupOptions, LogBackups } from './log-backups';

export interface AuditLogOptions extends BackupOptions {
  /** `--audit-log-path`; `-` for the standard output. */
  readonly path: string;
  /** `--audit-log-format` */
  readonly format: 'json' | 'legacy';
  /** `--audit-log-maxsize`, in bytes; 0 for no limit. */
  readonly maxBytes: number;
}

interface Waiting {
  readonly events: readonly AuditEvent[];
  readonly lines: string;
  readonly settle: (isKept: boolean) => void;
}

/** Audit events, one a line, in a file that is put aside when it is full. What comes while the disk works is written in one go. */
export class AuditLog implements AuditBackend {
  readonly name = 'log';
  private file: FileHandle | undefined;
  private written = 0;
  private waiting: Waiting[] = [];
  private work: Promise<void> | undefined;
  private readonly backups: LogBackups;

  constructor(
    private readonly options: AuditLogOptions,
    private readonly deps: { readonly clock: Clock; readonly metrics: AuditMetrics; readonly onBackupError: (error: unknown) => void },
  ) {
    this.backups = new LogBackups(options.path, options, deps.onBackupError);
  }

  async start(): Promise<void> {
    const { path } = this.options;
    if (path === '-' || this.file) return;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await this.open();
    this.backups.tidy(this.deps.clock.now());
  }

  /** Settles when the system has the lines. */
  process(events: readonly AuditEvent[]): Promise<boolean> {
    const line = this.options.format === 'legacy' ? legacyLine : exactJsonText;
    const lines = events.map((event) => `${line(event)}\n`).join('');
    return new Promise((settle) => {
      this.waiting.push({ events, lines, settle });
      this.work ??= this.drain();
    });
  }

  async stop(): Promise<void> {
    await this.work;
    await this.backups.settled();
    const { file } = this;
    this.file = undefined;
    await file?.close();
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.untilFull();
      try {
        await this.append(batch.map(({ lines }) => lines).join(''));
        for (const { settle } of batch) settle(true);
      } catch (error) {
        this.deps.metrics.lost(this.name, error, batch.flatMap(({ events }) => events));
        for (const { settle } of batch) settle(false);
      }
    }
    this.work = undefined;
  }

  /** As much of what waits as fits the file; at least one, in a new file if it must. */
  private untilFull(): Waiting[] {
    const { maxBytes } = this.options;
    let bytes = this.written;
    let count = 0;
    for (const { lines } of this.waiting) {
      bytes += Buffer.byteLength(lines);
      if (maxBytes > 0 && count > 0 && bytes > maxBytes) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  private async append(text: string): Promise<void> {
    const { path, maxBytes } = this.options;
    if (path === '-') {
      await new Promise<void>((settle, reject) => process.stdout.write(text, (error) => (error ? reject(error) : settle())));
      return;
    }
    const bytes = Buffer.byteLength(text);
    if (maxBytes > 0 && this.written > 0 && this.written + bytes > maxBytes) await this.rotate();
    await (this.file ?? (await this.open())).appendFile(text);
    this.written += bytes;
  }

  private async open(): Promise<FileHandle> {
    const file = await open(this.options.path, 'a', 0o600);
    this.written = (await file.stat()).size;
    this.file = file;
    return file;
  }

  private async rotate(): Promise<void> {
    const { path } = this.options;
    const now = this.deps.clock.now();
    await this.backups.settled();
    await rename(path, await this.backups.nameFor(now)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // else somebody has put it aside already
    });
    const { file } = this;
    this.file = undefined;
    await file?.close();
    await this.open();
    this.backups.tidy(now);
  }
}
