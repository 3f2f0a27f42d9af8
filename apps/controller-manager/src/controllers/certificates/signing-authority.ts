import { readFileSync } from 'node:fs';
import type { Clock } from '@navarch/clock';
import { CertificateAuthority } from '@navarch/pki';
import type { ReconcileLog } from '@navarch/reconcile';
import type { ControllerConfig } from '../../config';
import { CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY_UNKNOWN } from './recognise';

export interface AuthorityFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * With which CA each signer signs. Once one signer has a CA of its own, the common one signs for none, as upstream.
 * @throws when the common one is given too, or one file of a CA without the other
 */
export function signerFiles(config: ControllerConfig): ReadonlyMap<string, AuthorityFiles> {
  const own: [string, string | undefined, string | undefined][] = [
    [KUBELET_SERVING, config.clusterSigningKubeletServingCertFile, config.clusterSigningKubeletServingKeyFile],
    [KUBELET_CLIENT, config.clusterSigningKubeletClientCertFile, config.clusterSigningKubeletClientKeyFile],
    [CLIENT, config.clusterSigningKubeApiserverClientCertFile, config.clusterSigningKubeApiserverClientKeyFile],
    [LEGACY_UNKNOWN, config.clusterSigningLegacyUnknownCertFile, config.clusterSigningLegacyUnknownKeyFile],
  ];
  const { clusterSigningCertFile: cert, clusterSigningKeyFile: key } = config;
  const isSpecific = own.some(([, certFile, keyFile]) => certFile !== undefined || keyFile !== undefined);
  if (isSpecific && (cert !== undefined || key !== undefined)) throw new Error('cannot specify --cluster-signing-{cert,key}-file and other --cluster-signing-*-file flags at the same time');
  const all = isSpecific ? own : own.map(([signer]): [string, string | undefined, string | undefined] => [signer, cert, key]);
  const files = new Map<string, AuthorityFiles>();
  for (const [signer, certFile, keyFile] of all) {
    if ((certFile === undefined) !== (keyFile === undefined)) throw new Error(`certificates of ${signer} need both a certificate and a key of their CA: one of the two flags is not given`);
    if (certFile !== undefined && keyFile !== undefined) files.set(signer, { certFile, keyFile });
  }
  return files;
}

/** A CA in files, read anew when they have changed. */
export class SigningAuthority {
  readonly #files: AuthorityFiles;
  readonly #clock: Clock;
  readonly #log: ReconcileLog;
  #text: string;
  #current: Promise<CertificateAuthority>;

  /** @throws when the files cannot be read */
  constructor(files: AuthorityFiles, clock: Clock, log: ReconcileLog) {
    this.#files = files;
    this.#clock = clock;
    this.#log = log;
    const { cert, key } = this.#read();
    this.#text = cert + key;
    this.#current = CertificateAuthority.load({ cert, key }, clock);
    // Who signs first is told of what is wrong.
    this.#current.catch(() => undefined);
  }

  /** The CA as it is now; while its files are being replaced, as it was. */
  async current(): Promise<CertificateAuthority> {
    try {
      const { cert, key } = this.#read();
      if (cert + key !== this.#text) {
        this.#current = Promise.resolve(await CertificateAuthority.load({ cert, key }, this.#clock));
        this.#text = cert + key;
      }
    } catch (error) {
      this.#log.warn({ err: error, file: this.#files.certFile }, 'CA not read anew');
    }
    return this.#current;
  }

  #read(): { cert: string; key: string } {
    return { cert: readFileSync(this.#files.certFile, 'utf8'), key: readFileSync(this.#files.keyFile, 'utf8') };
  }
}
