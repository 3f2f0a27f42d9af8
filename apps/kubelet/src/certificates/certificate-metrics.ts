import { X509Certificate } from 'node:crypto';
import { type Clock } from '@navarch/clock';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type CertificateStore } from './certificate-store';

/** Of a certificate that the kubelet keeps itself; names and buckets are upstream's (pkg/kubelet/certificate). */
export class CertificateMetrics {
  readonly #errors: Counter;
  readonly #age: Histogram | undefined;

  constructor(kind: 'client' | 'server', store: CertificateStore, clock: Clock, registry: Registry) {
    const registers = [registry];
    const title = kind === 'client' ? 'client' : 'serving';
    const ttl: Gauge = new Gauge({
      name: `kubelet_certificate_manager_${kind}_ttl_seconds`,
      registers,
      help: `Gauge of the TTL (time-to-live) of the Kubelet's ${title} certificate. The value is in seconds until certificate expiry (negative if already expired). If ${title} certificate is invalid or unused, the value will be +INF.`,
      collect: async () => {
        const pair = await store.read();
        ttl.set(pair ? (Date.parse(new X509Certificate(pair.cert).validTo) - clock.now()) / 1000 : Infinity);
      },
    });
    this.#errors = new Counter({
      name: kind === 'client' ? 'kubelet_certificate_manager_client_expiration_renew_errors' : 'kubelet_server_expiration_renew_errors',
      help: 'Counter of certificate renewal errors.',
      registers,
    });
    this.#age = kind === 'client' ? undefined : new Histogram({
      name: 'kubelet_certificate_manager_server_rotation_seconds', registers, help: 'Histogram of the number of seconds the previous certificate lived before being rotated.',
      buckets: [60, 3600, 14_400, 86_400, 604_800, 2_592_000, 7_776_000, 15_552_000, 31_104_000, 124_416_000],
    });
  }

  failed(): void {
    this.#errors.inc();
  }

  /** `ageMs`: how old the certificate was that another took the place of. */
  renewed(ageMs: number): void {
    this.#age?.observe(ageMs / 1000);
  }
}
