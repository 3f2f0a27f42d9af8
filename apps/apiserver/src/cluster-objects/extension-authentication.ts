import { core, type corev1 } from '@navarch/api';
import { isAlreadyExists } from '@navarch/apimachinery';
import { type Clock, rest } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { isDeepStrictEqual } from 'node:util';
import type { ObjectWriter, PostStartHook } from '../pipeline';
import { combinedFacts } from './authentication-facts';

const [namespace, name] = ['kube-system', 'extension-apiserver-authentication'];
/** As upstream's controller (pkg/controlplane/controller/clusterauthenticationtrust). */
const LOOK_EVERY_MS = 60_000;
const RETRY_MS = 1000;

export interface ExtensionAuthenticationDeps {
  readonly writer: ObjectWriter;
  /** What it is to say, now. */
  readonly facts: () => Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps what aggregated API servers need to know to believe this one: in a ConfigMap that they may read. */
export class ExtensionAuthentication implements Component {
  readonly name = 'extension-authentication';
  readonly hook: PostStartHook = { name: 'start-cluster-authentication-info-controller', run: () => this.write() };
  private readonly stopping = new AbortController();
  private resting = new AbortController();
  private running: Promise<void> | undefined;

  constructor(private readonly deps: ExtensionAuthenticationDeps) {}

  start(): Promise<void> {
    this.running ??= this.loop();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** The facts are others now. */
  changed(): void {
    this.resting.abort();
  }

  private async loop(): Promise<void> {
    const { clock, log } = this.deps;
    const { signal } = this.stopping;
    const stopped = (): boolean => signal.aborted;
    // The hook writes it the first time.
    let ms = LOOK_EVERY_MS;
    while (!stopped()) {
      await rest(clock, ms, signal, this.resting.signal);
      if (stopped()) return;
      this.resting = new AbortController();
      ms = LOOK_EVERY_MS;
      try {
        await this.write();
      } catch (error) {
        log.warn({ err: error }, 'what aggregated API servers are to know could not be written, trying again');
        ms = RETRY_MS;
      }
    }
  }

  private async write(): Promise<void> {
    const { writer, clock } = this.deps;
    const facts = this.deps.facts();
    const found = await writer.get(core.configmaps, namespace, name);
    if (found === undefined) {
      try {
        await writer.create(core.configmaps, { metadata: { namespace, name }, data: { ...facts } });
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
      return;
    }
    const data = combinedFacts(found.data ?? {}, facts, clock.now());
    if (!isDeepStrictEqual(data, found.data)) await writer.update<corev1.ConfigMap>(core.configmaps, { ...found, data });
  }
}
