import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isCode } from '../error-text';

export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate and its key in two files. */
export class CertificateStore {
  constructor(readonly certFile: string, readonly keyFile: string) {}

  /** Undefined while there is none, or one whose key is missing. */
  async read(): Promise<CertificatePair | undefined> {
    try {
      const [cert, key] = await Promise.all([readFile(this.certFile, 'utf8'), readFile(this.keyFile, 'utf8')]);
      return { cert, key };
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /** Readers see the old pair or the new one, but for a moment between two renames, after which they look again. */
  async write({ cert, key }: CertificatePair): Promise<void> {
    await mkdir(dirname(this.keyFile), { recursive: true, mode: 0o700 });
    await writeFile(`${this.keyFile}.tmp`, key, { mode: 0o600 });
    await writeFile(`${this.certFile}.tmp`, cert, { mode: 0o644 });
    await rename(`${this.keyFile}.tmp`, this.keyFile);
    await rename(`${this.certFile}.tmp`, this.certFile);
  }
}

/** Whether a certificate holds now, is of this common name, and will for a while. */
export function isUsable(certPem: string, nowMs: number, commonName: string): boolean {
  const { validTo, subject } = new X509Certificate(certPem);
  return Date.parse(validTo) > nowMs && subject.split('\n').includes(`CN=${commonName}`);
}

/** When a certificate is renewed: after 70 to 90 % of its life, so that nodes do not all come at once. `random` is in [0, 1). */
export function renewalMs(certPem: string, random: number): number {
  const { validFrom, validTo } = new X509Certificate(certPem);
  const from = Date.parse(validFrom);
  return from + (Date.parse(validTo) - from) * (0.7 + 0.2 * random);
}
