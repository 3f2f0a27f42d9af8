import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Logger } from '@navarch/component-base';
import { isCode } from './error-text';

/** A file that holds what a kubelet must know again after its restart. One write at a time, always of the newest. */
export class CheckpointFile {
  #writing: Promise<void> = Promise.resolve();

  constructor(readonly path: string, private readonly log: Logger) {}

  /** Undefined when there is none; rejects when it cannot be read. */
  async read(): Promise<unknown> {
    try {
      return JSON.parse(await readFile(this.path, 'utf8')) as unknown;
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw new Error(`${this.path} cannot be read`, { cause: error });
    }
  }

  /** Returns at once; a failure is logged. */
  save(content: () => unknown): void {
    this.#writing = this.#writing.then(async () => {
      await mkdir(dirname(this.path), { recursive: true, mode: 0o750 });
      await writeFile(`${this.path}.tmp`, JSON.stringify(content()), { mode: 0o600 });
      await rename(`${this.path}.tmp`, this.path);
    }).catch((error: unknown) => this.log.error({ err: error, path: this.path }, 'a checkpoint could not be written'));
  }

  /** Resolves when everything is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }
}

/** Upstream's sum over a text: 32 bits of FNV-1a. */
export function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) {
    hash ^= byte;
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return hash;
}
