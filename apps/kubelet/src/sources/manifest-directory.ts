import { watch, type FSWatcher } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type corev1 } from '@navarch/api';
import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { isCode } from '../error-text';
import { Repeating } from '../gc/repeating';
import { apiTime } from '../pods/api-time';
import { readManifest } from './read-manifest';
import { type StaticPodSource } from './static-pod-source';

export interface ManifestDirectoryOptions {
  /** A directory, or one file. */
  readonly path: string;
  readonly checkMs: number;
  readonly nodeName: string;
}

interface Known {
  readonly text: string;
  readonly pods: readonly corev1.Pod[];
}

/** Static pods of upstream's --pod-manifest-path. A file that cannot be read leaves the pods that it held before. */
export class ManifestDirectory implements StaticPodSource {
  readonly name = 'file';
  #files = new Map<string, Known>();
  #watcher: FSWatcher | undefined;
  #reading: Promise<void> | undefined;
  #again = false;
  readonly #periodic: Repeating;
  #onPods: (pods: readonly corev1.Pod[]) => void = () => undefined;

  constructor(private readonly options: ManifestDirectoryOptions, private readonly deps: { readonly clock: Clock; readonly log: Logger }) {
    this.#periodic = new Repeating('static pods', options.checkMs, () => this.#read(), deps);
  }

  async start(onPods: (pods: readonly corev1.Pod[]) => void): Promise<void> {
    this.#onPods = onPods;
    await this.#read();
    this.#periodic.start();
  }

  async stop(): Promise<void> {
    this.#watcher?.close();
    await this.#periodic.stop();
    await this.#reading;
  }

  /** Reads everything; a change seen meanwhile makes it read once more. */
  #read(): Promise<void> {
    this.#again = true;
    this.#reading ??= this.#readAll().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      this.#watch();
      const paths = await this.#list();
      // A directory that cannot be listed says nothing about its files.
      if (!paths) return;
      const files = new Map<string, Known>();
      for (const path of paths) {
        const known = await this.#readFile(path);
        if (known) files.set(path, known);
      }
      this.#files = files;
    }
    this.#onPods([...this.#files.values()].flatMap(({ pods }) => pods));
  }

  async #list(): Promise<string[] | undefined> {
    const { path } = this.options;
    try {
      if ((await stat(path)).isFile()) return [path];
      const entries = await readdir(path, { withFileTypes: true });
      return entries.filter((entry) => !entry.name.startsWith('.') && !entry.isDirectory()).map(({ name }) => join(path, name)).sort();
    } catch (error) {
      // No directory is no static pods, as upstream has it.
      if (isCode(error, 'ENOENT')) return [];
      this.deps.log.warn({ err: error, path }, 'static pods could not be listed');
      return undefined;
    }
  }

  async #readFile(path: string): Promise<Known | undefined> {
    const before = this.#files.get(path);
    try {
      const text = await readFile(path, 'utf8');
      if (before?.text === text) return before;
      const pods = readManifest(Buffer.from(text), { source: 'file', location: path, nodeName: this.options.nodeName, seenAt: apiTime(this.deps.clock.now()) });
      return { text, pods };
    } catch (error) {
      this.deps.log.error({ err: error, path }, 'static pod could not be read');
      return before;
    }
  }

  /** Changes are seen at once where the directory is there; the periodic look finds it when it comes later. */
  #watch(): void {
    if (this.#watcher) return;
    try {
      this.#watcher = watch(this.options.path, { persistent: false }, () => void this.#read());
      this.#watcher.on('error', () => {
        this.#watcher?.close();
        this.#watcher = undefined;
      });
    } catch (error) {
      if (!isCode(error, 'ENOENT')) this.deps.log.info({ err: error, path: this.options.path }, 'static pods are looked at from time to time only');
    }
  }
}
