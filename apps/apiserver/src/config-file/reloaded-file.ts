import { rest, type Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Is told of each attempt to take over a changed file, and which contents count. */
export interface ReloadObserver {
  reloaded(outcome: 'failure' | 'success', atSeconds: number): void;
  inUse(hash: string): void;
}

export interface ReloadedFileOptions {
  readonly name: string;
  readonly path: string;
  /** How often the file is looked at, whether or not the system tells of changes. */
  readonly everyMs: number;
  /** Takes over new contents, or throws and leaves what was. */
  readonly apply: (text: string) => Promise<void> | void;
}

export const hashOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** A configuration file that is taken over when it changes; one that is wrong is told of, and the last good one stays in use. */
export class ReloadedFile implements Component {
  readonly name: string;
  private readonly stopping = new AbortController();
  private resting = new AbortController();
  private running: Promise<void> | undefined;
  private watcher: FSWatcher | undefined;
  private seen: string;

  /** @param text what was read, and is in use, at the start */
  constructor(
    private readonly options: ReloadedFileOptions,
    text: string,
    private readonly deps: { readonly clock: Clock; readonly log: Logger; readonly observer?: ReloadObserver },
  ) {
    this.name = options.name;
    this.seen = text;
    deps.observer?.inUse(hashOf(text));
  }

  start(): Promise<void> {
    // The directory: editors, and volumes of Kubernetes, put another file in the place of the old one.
    this.watcher = watch(dirname(this.options.path), { persistent: false }, () => this.resting.abort());
    this.watcher.on('error', (error) => this.deps.log.warn({ err: error, path: this.options.path }, 'file is not watched, only looked at from time to time'));
    this.running ??= this.loop();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.watcher?.close();
    await this.running;
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Looks at the file now. */
  async look(): Promise<void> {
    const { path, apply } = this.options;
    const { log, clock, observer } = this.deps;
    try {
      const text = await readFile(path, 'utf8');
      if (text === this.seen) return;
      // What is wrong is told once, not every time it is looked at.
      this.seen = text;
      await apply(text);
      observer?.inUse(hashOf(text));
      observer?.reloaded('success', clock.now() / 1000);
      log.info({ path }, 'configuration reloaded');
    } catch (error) {
      observer?.reloaded('failure', clock.now() / 1000);
      log.error({ err: error, path }, 'configuration could not be reloaded, the last good one stays in use');
    }
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.resting = new AbortController();
      await rest(this.deps.clock, this.options.everyMs, signal, this.resting.signal);
      if (!this.stopped) await this.look();
    }
  }
}
