import { readFile, stat } from 'node:fs/promises';
import { type SecureContextOptions } from 'node:tls';
import { type Logger } from './logger';

export interface TlsFileNames {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile?: string;
}

const LOOK_EVERY_MS = 60_000;

/** Certificate files, read again when they change, so that a renewal needs no restart. */
export class TlsFiles {
  #timer: NodeJS.Timeout | undefined;
  #seen = '';

  constructor(
    private readonly names: TlsFileNames,
    private readonly log: Logger,
  ) {}

  async load(): Promise<SecureContextOptions> {
    const { certFile, keyFile, clientCaFile } = this.names;
    this.#seen = await this.#fingerprint();
    const [cert, key, ca] = await Promise.all([readFile(certFile), readFile(keyFile), clientCaFile === undefined ? undefined : readFile(clientCaFile)]);
    return { cert, key, ...(ca ? { ca } : {}), minVersion: 'TLSv1.2' };
  }

  /** Calls back with the new context after each change; a bad file is logged and the old one kept. */
  watch(onChange: (context: SecureContextOptions) => void): void {
    this.#timer = setInterval(() => {
      this.#look(onChange).catch((error: unknown) => this.log.error({ err: error, files: this.names }, 'certificate files could not be reloaded'));
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(onChange: (context: SecureContextOptions) => void): Promise<void> {
    if ((await this.#fingerprint()) === this.#seen) return;
    onChange(await this.load());
    this.log.info({ files: this.names }, 'certificate files reloaded');
  }

  async #fingerprint(): Promise<string> {
    const files = [this.names.certFile, this.names.keyFile, this.names.clientCaFile].filter((file) => file !== undefined);
    const stats = await Promise.all(files.map((file) => stat(file)));
    return stats.map((entry) => `${entry.ino}:${entry.mtimeMs}:${entry.size}`).join(' ');
  }
}
