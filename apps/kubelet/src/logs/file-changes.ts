import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

/** The longest wait for a change that was not noticed. */
const pollMs = 1_000;

/** Waits for changes near a file: of it, and of what takes its name. */
export class FileChanges {
  readonly #watcher: FSWatcher | undefined;
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(path: string) {
    try {
      this.#watcher = watch(dirname(path), () => {
        this.#changed = true;
        this.#wake?.();
      });
      this.#watcher.on('error', () => this.#wake?.());
    } catch {
      // No directory yet, or no watches left on this machine: waiting still ends, by time.
      this.#watcher = undefined;
    }
  }

  /** Resolves at a change since the last wait, after a second, or at the signal. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#changed && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', this.#wake, { once: true });
      });
      if (this.#wake) signal.removeEventListener('abort', this.#wake);
      this.#wake = undefined;
    }
    this.#changed = false;
  }

  close(): void {
    this.#watcher?.close();
  }
}
