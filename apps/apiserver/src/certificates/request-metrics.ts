import { X509Certificate } from 'node:crypto';
import type { certificatesv1, KubeObject } from '@navarch/api';
import { SeriesCounter, type Logger } from '@navarch/component-base';
import type { Registry } from 'prom-client';

/** Signers begin a certificate a little before they sign it: by so much more may one last. */
const BACKDATED_SECONDS = 300;

/** Whether certificates last as long as was asked for, by upstream's names (pkg/registry/certificates/certificates/storage/metrics.go). */
export class CertificateRequestMetrics {
  private readonly requested: SeriesCounter;
  private readonly honored: SeriesCounter;

  constructor(metrics: Registry, private readonly log: Logger) {
    const registers = [metrics];
    const labelNames = ['signerName'];
    this.requested = new SeriesCounter({
      name: 'apiserver_certificates_registry_csr_requested_duration_total',
      help: 'Total number of issued CSRs with a requested duration, sliced by signer (only kubernetes.io signer names are specifically identified)',
      labelNames,
      registers,
    });
    this.honored = new SeriesCounter({
      name: 'apiserver_certificates_registry_csr_honored_duration_total',
      help: 'Total number of issued CSRs with a requested duration that was honored, sliced by signer (only kubernetes.io signer names are specifically identified)',
      labelNames,
      registers,
    });
  }

  /** A request was changed through its status, and is stored. */
  statusWritten(object: KubeObject, old: KubeObject): void {
    const { metadata, spec, status: before } = old as certificatesv1.CertificateSigningRequest;
    const certificate = (object as certificatesv1.CertificateSigningRequest).status?.certificate ?? '';
    const { expirationSeconds } = spec;
    if (certificate === '' || (before?.certificate ?? '') !== '' || expirationSeconds === undefined) return;
    const signerName = spec.signerName.startsWith('kubernetes.io/') ? spec.signerName : 'other';
    this.requested.labels({ signerName }).inc();
    let lasts: number;
    try {
      lasts = secondsOf(Buffer.from(certificate, 'base64'));
    } catch (error) {
      this.log.warn({ err: error, request: metadata.name }, 'a certificate that was issued cannot be read: whether it lasts as asked is not counted');
      return;
    }
    if (Math.abs(expirationSeconds - lasts) < BACKDATED_SECONDS + expirationSeconds / 20) this.honored.labels({ signerName }).inc();
  }
}

/** How long the first certificate is valid. @throws when it is none */
function secondsOf(pem: Buffer): number {
  const { validFrom, validTo } = new X509Certificate(pem);
  return (Date.parse(validTo) - Date.parse(validFrom)) / 1000;
}
