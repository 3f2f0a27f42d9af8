import type { X509Certificate } from 'node:crypto';
import { certificatesOf } from './certificate-bundle';

/** Whose certificates are believed: what a CA file says, as it is now. */
export class Authorities {
  #pem: string;
  #certificates: readonly X509Certificate[];

  /** @throws for what holds no certificate, or one that cannot be read */
  constructor(pem: string) {
    this.#pem = pem;
    this.#certificates = read(pem);
  }

  get pem(): string {
    return this.#pem;
  }

  /** Another list after every change: what was found by an older one is to be found again. */
  get certificates(): readonly X509Certificate[] {
    return this.#certificates;
  }

  /** @throws for what holds no certificate, or one that cannot be read: the old ones stay */
  use(pem: string): void {
    if (pem === this.#pem) return;
    this.#certificates = read(pem);
    this.#pem = pem;
  }
}

function read(pem: string): X509Certificate[] {
  const found = certificatesOf(pem);
  if (found.length === 0) throw new Error('data does not contain any valid RSA or ECDSA certificates');
  return found;
}
