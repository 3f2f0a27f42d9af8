import { readFile, stat } from 'node:fs/promises';
import { type Logger } from './logger';

export interface TlsFileNames {
  readonly certFile: string;
  readonly keyFile: string;
  /** Who vouches for the other side: for clients of a server, for the server of a client. */
  readonly caFile?: string;
}

/** What the files hold: options of a TLS context. */
export interface LoadedTls {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly ca?: Buffer;
  readonly minVersion: 'TLSv1.2';
}

const LOOK_EVERY_MS = 60_000;

/** Certificate files, read again when they change, so that a renewal needs no restart. */
export class TlsFiles {
  #timer: NodeJS.Timeout | undefined;
  #seen = '';

  constructor(
    private readonly names: Partial<TlsFileNames>,
    private readonly log: Logger,
  ) {}

  async load(): Promise<LoadedTls> {
    const { certFile, keyFile, caFile } = this.names;
    this.#seen = await this.#fingerprint();
    const [cert, key, ca] = await Promise.all([certFile, keyFile, caFile].map((file) => (file === undefined ? Promise.resolve(undefined) : readFile(file))));
    return { ...(cert ? { cert } : {}), ...(key ? { key } : {}), ...(ca ? { ca } : {}), minVersion: 'TLSv1.2' };
  }

  /** Calls back with the new context after each change; a bad file is logged and the old one kept. */
  watch(onChange: (context: LoadedTls) => void): void {
    this.#timer = setInterval(() => {
      this.#look(onChange).catch((error: unknown) => this.log.error({ err: error, files: this.names }, 'certificate files could not be reloaded'));
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(onChange: (context: LoadedTls) => void): Promise<void> {
    if ((await this.#fingerprint()) === this.#seen) return;
    onChange(await this.load());
    this.log.info({ files: this.names }, 'certificate files reloaded');
  }

  async #fingerprint(): Promise<string> {
    const files = [this.names.certFile, this.names.keyFile, this.names.caFile].filter((file) => file !== undefined);
    const stats = await Promise.all(files.map((file) => stat(file)));
    return stats.map((entry) => `${entry.ino}:${entry.mtimeMs}:${entry.size}`).join(' ');
  }
}
