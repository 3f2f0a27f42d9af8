import type { Component, Logger } from '@navarch/component-base';
import { createWriteStream, type WriteStream } from 'node:fs';
import { readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { once } from 'node:events';

export interface AuditLogOptions {
  /** `--audit-log-path`; `-` for the standard output. */
  readonly path: string;
  /** `--audit-log-maxsize`, in bytes; 0 for no limit. */
  readonly maxBytes: number;
  /** `--audit-log-maxbackup`; 0 keeps all. */
  readonly maxBackups: number;
  /** `--audit-log-maxage`; 0 keeps all. */
  readonly maxAgeMs: number;
}

/** Audit events, one JSON a line, in a file that is put aside when it is full. */
export class AuditLog implements Component {
  readonly name = 'audit-log';
  private stream: WriteStream | undefined;
  private written = 0;
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: AuditLogOptions,
    private readonly log: Logger,
  ) {}

  async start(): Promise<void> {
    const { path } = this.options;
    if (path === '-') return;
    this.written = await stat(path).then(({ size }) => size, () => 0); // a new file is empty
    this.stream = await this.open();
  }

  /** In the order of calls; never waits for the disk. */
  write(event: object): void {
    const line = `${JSON.stringify(event)}\n`;
    this.work = this.work.then(() => this.append(line)).catch((error: unknown) => this.log.error({ err: error }, 'audit event lost'));
  }

  async stop(): Promise<void> {
    await this.work;
    const { stream } = this;
    this.stream = undefined;
    if (!stream) return;
    stream.end();
    await once(stream, 'close');
  }

  private async append(line: string): Promise<void> {
    if (this.options.path === '-') {
      process.stdout.write(line);
      return;
    }
    const { maxBytes } = this.options;
    const bytes = Buffer.byteLength(line);
    if (maxBytes > 0 && this.written > 0 && this.written + bytes > maxBytes) await this.rotate();
    this.written += bytes;
    if (this.stream?.write(line) === false) await once(this.stream, 'drain');
  }

  private async open(): Promise<WriteStream> {
    const stream = createWriteStream(this.options.path, { flags: 'a', mode: 0o600 });
    await once(stream, 'open');
    stream.on('error', (error) => this.log.error({ err: error }, 'audit log cannot be written'));
    return stream;
  }

  private async rotate(): Promise<void> {
    const { path } = this.options;
    const { stream } = this;
    if (stream) {
      stream.end();
      await once(stream, 'close');
    }
    await rename(path, `${path}-${new Date().toISOString().replaceAll(':', '-')}`);
    this.written = 0;
    this.stream = await this.open();
    await this.clean();
  }

  private async clean(): Promise<void> {
    const { path, maxBackups, maxAgeMs } = this.options;
    const backups = (await readdir(dirname(path))).filter((name) => name.startsWith(`${basename(path)}-`)).sort().reverse();
    for (const [index, name] of backups.entries()) {
      const file = join(dirname(path), name);
      const isOld = maxAgeMs > 0 && Date.now() - (await stat(file)).mtimeMs > maxAgeMs;
      if (isOld || (maxBackups > 0 && index >= maxBackups)) await unlink(file);
    }
  }
}
