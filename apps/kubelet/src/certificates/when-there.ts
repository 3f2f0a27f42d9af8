import { type Clock } from '@navarch/clock';
import { type Component, type Logger } from '@navarch/component-base';
import { type CertificateStore } from './certificate-store';

const lookMs = 500;

/** Starts servers as soon as there is the certificate they serve with: its request is answered when it is. */
export class WhenThere implements Component {
  readonly name = 'servers';
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(private readonly store: CertificateStore, private readonly servers: readonly Component[], private readonly deps: { readonly clock: Clock; readonly log: Logger }) {}

  start(): Promise<void> {
    this.#running ??= this.#startWhenThere().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('servers are stopping'));
    await this.#running;
    for (const server of this.servers) await server.stop();
  }

  async #startWhenThere(): Promise<void> {
    while (!await this.store.read()) await this.deps.clock.sleep(lookMs, this.#stop.signal);
    for (const server of this.servers) await server.start();
    this.deps.log.info({ certificate: this.store.certFile }, 'serving with a certificate of the cluster');
  }
}
