import { X509Certificate } from 'node:crypto';
import { type Clock } from '@navarch/clock';
import { type Component, type Logger } from '@navarch/component-base';
import { createCertificateRequest, type CertificateSubject } from '@navarch/pki';
import { type CertificateMetrics } from './certificate-metrics';
import { isUsable, renewalMs, type CertificateStore } from './certificate-store';
import { requestCertificate, type RequestApi, type Signer } from './request-certificate';

export interface CertificateRotationOptions {
  readonly name: string;
  readonly signer: Signer;
  readonly store: CertificateStore;
  readonly subject: CertificateSubject & { readonly hosts?: readonly string[] };
}

export interface CertificateRotationDeps {
  readonly api: RequestApi;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly metrics: Pick<CertificateMetrics, 'failed' | 'renewed'>;
}

const retryMs = { first: 2_000, last: 60_000 };

/** Keeps one certificate of a kubelet: asked for when there is none that holds, and again before it ends. Who reads its files sees the new one. */
export class CertificateRotation implements Component {
  readonly name: string;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(private readonly options: CertificateRotationOptions, private readonly deps: CertificateRotationDeps) {
    this.name = options.name;
  }

  start(): Promise<void> {
    this.#running ??= this.#run().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error(`${this.name} is stopping`));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, log, random } = this.deps;
    const { signal } = this.#stop;
    for (let waitMs = retryMs.first; !signal.aborted;) {
      const pair = await this.options.store.read();
      const dueMs = pair && isUsable(pair.cert, clock.now(), this.options.subject.commonName) ? renewalMs(pair.cert, random()) : 0;
      if (dueMs > clock.now()) {
        // Timers of more than 24 days end at once.
        await clock.sleep(Math.min(dueMs - clock.now(), 86_400_000), signal);
        continue;
      }
      try {
        await this.renew();
        waitMs = retryMs.first;
      } catch (error) {
        signal.throwIfAborted();
        this.deps.metrics.failed();
        log.warn({ err: error, signer: this.options.signer }, 'certificate not renewed');
        await clock.sleep(waitMs, signal);
        waitMs = Math.min(waitMs * 2, retryMs.last);
      }
    }
  }

  /** Asks for a certificate for a new key now. */
  async renew(): Promise<void> {
    const { signer, subject, store } = this.options;
    const previous = await store.read();
    const { csr, key } = await createCertificateRequest(subject);
    const cert = await requestCertificate(this.deps.api, csr, signer, this.deps.clock, this.#stop.signal);
    await store.write({ cert, key });
    if (previous) this.deps.metrics.renewed(this.deps.clock.now() - Date.parse(new X509Certificate(previous.cert).validFrom));
    this.deps.log.info({ signer, commonName: subject.commonName }, 'certificate renewed');
  }
}
