import { certificates, type certificatesv1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import { keyOfObject, type ObjectSource } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { repeat } from '../../repeat';
import type { RunningController } from '../../running-controller';
import { isOutdated } from './request-state';

const PERIOD_MS = 3_600_000;

/** Removes requests for certificates that nobody needs any more. */
export class CertificateCleaner implements RunningController {
  readonly name = 'certificatesigningrequest-cleaner-controller';
  readonly #context: ControllerContext;
  readonly #requests: ObjectSource<certificatesv1.CertificateSigningRequest>;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#requests = context.sources.informer(certificates.certificatesigningrequests, { alwaysWatch: true });
  }

  async start(): Promise<void> {
    const { signal } = this.#stopping;
    await this.#requests.waitForSync(signal);
    this.#running = repeat(this.name, PERIOD_MS, () => this.#clean(signal), this.#context, signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`${this.name} stopped`));
    await this.#running;
  }

  async #clean(signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#context;
    const outdated = this.#requests.list().filter((request) => isOutdated(request, clock.now()));
    await Promise.all(outdated.map((request) => api.delete(certificates.certificatesigningrequests, keyOfObject(request), { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    })));
  }
}

export const certificateCleaner = (context: ControllerContext): RunningController => new CertificateCleaner(context);
