import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { Repeating } from '../gc/repeating';
import { apiTime } from '../pods/api-time';
import { readManifest } from './read-manifest';
import { type StaticPodSource } from './static-pod-source';

export interface ManifestUrlOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly checkMs: number;
  readonly nodeName: string;
}

const timeoutMs = 10_000;

/** Static pods of upstream's --manifest-url. An answer that makes no sense leaves the pods of the last that did. */
export class ManifestUrl implements StaticPodSource {
  readonly name = 'http';
  #text: string | undefined;
  readonly #periodic: Repeating;
  #onPods: (pods: readonly corev1.Pod[]) => void = () => undefined;

  constructor(private readonly options: ManifestUrlOptions, private readonly deps: { readonly clock: Clock; readonly log: Logger }) {
    this.#periodic = new Repeating('static pods by url', options.checkMs, () => this.#read(), deps);
  }

  async start(onPods: (pods: readonly corev1.Pod[]) => void): Promise<void> {
    this.#onPods = onPods;
    await this.#read();
    this.#periodic.start();
  }

  stop(): Promise<void> {
    return this.#periodic.stop();
  }

  async #read(): Promise<void> {
    const { url, headers, nodeName } = this.options;
    const { clock, log } = this.deps;
    try {
      const answer = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
      if (text === '') throw new Error(`zero-length data received from ${url}`);
      if (text === this.#text) return;
      const pods = readManifest(Buffer.from(text), { source: 'http', location: url, nodeName, seenAt: apiTime(clock.now()) });
      this.#text = text;
      this.#onPods(pods);
    } catch (error) {
      log.warn({ err: error, url }, 'static pods could not be read');
    }
  }
}
