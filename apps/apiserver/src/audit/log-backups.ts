import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface BackupOptions {
  /** `--audit-log-maxbackup`; 0 keeps all. */
  readonly maxBackups: number;
  /** `--audit-log-maxage`; 0 keeps all. */
  readonly maxAgeMs: number;
  /** `--audit-log-compress` */
  readonly compress: boolean;
}

interface Backup {
  readonly name: string;
  readonly at: number;
  readonly isCompressed: boolean;
}

const GZ = '.gz';
const TIME = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/;

/** Log files that were put aside, named as upstream names them: `audit-2026-01-31T23-59-59.123.log`, with `.gz` once they are compressed. */
export class LogBackups {
  private work: Promise<void> = Promise.resolve();
  private readonly directory: string;
  private readonly prefix: string;
  private readonly extension: string;

  constructor(
    path: string,
    private readonly options: BackupOptions,
    private readonly onError: (error: unknown) => void,
  ) {
    this.directory = dirname(path);
    this.extension = extname(path);
    this.prefix = `${basename(path, this.extension)}-`;
  }

  /** A name that nothing has yet; later by milliseconds where logs fill faster than that. */
  async nameFor(nowMs: number): Promise<string> {
    const taken = new Set((await this.list()).map(({ at }) => at));
    let at = nowMs;
    while (taken.has(at)) at++;
    return join(this.directory, `${this.prefix}${new Date(at).toISOString().slice(0, -1).replaceAll(':', '-')}${this.extension}`);
  }

  /** Removes what is too old or too much, and compresses the rest, while the log goes on. What fails is told, and done the next time. */
  tidy(nowMs: number): void {
    this.work = this.work.then(() => this.removeAndCompress(nowMs)).catch(this.onError);
  }

  settled(): Promise<void> {
    return this.work;
  }

  private async removeAndCompress(nowMs: number): Promise<void> {
    const { maxBackups, maxAgeMs, compress } = this.options;
    for (const [index, { name, at, isCompressed }] of (await this.list()).entries()) {
      const file = join(this.directory, name);
      if ((maxBackups > 0 && index >= maxBackups) || (maxAgeMs > 0 && nowMs - at > maxAgeMs)) await unlink(file);
      else if (compress && !isCompressed) {
        const part = `${file}${GZ}.part`;
        await pipeline(createReadStream(file), createGzip(), createWriteStream(part, { mode: 0o600 }));
        await rename(part, `${file}${GZ}`);
        await unlink(file);
      }
    }
  }

  /** The newest first. */
  private async list(): Promise<Backup[]> {
    return (await readdir(this.directory)).flatMap((name) => {
      const isCompressed = name.endsWith(GZ);
      const end = `${this.extension}${isCompressed ? GZ : ''}`;
      if (!name.startsWith(this.prefix) || !name.endsWith(end)) return [];
      const [, day, hour, minute, second] = TIME.exec(name.slice(this.prefix.length, name.length - end.length)) ?? [];
      return day === undefined ? [] : [{ name, at: Date.parse(`${day}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`), isCompressed }];
    }).sort((a, b) => b.at - a.at);
  }
}
