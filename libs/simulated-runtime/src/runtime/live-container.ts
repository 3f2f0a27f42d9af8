import type { Clock, Timer } from '@navarch/clock';
import { resolveCommand } from '../shell/resolve-command';
import type { ProcessContext } from '../shell/simulated-process';
import { ContainerLog } from './container-log';
import type { ContainerRecord } from './model';
import { ProgramRunner } from './program-runner';

export type OutputWatcher = (stream: 'stdout' | 'stderr', text: string) => void;

/** What of a container lives only as long as this process: timers, its program, and who waits for its exit. */
export class LiveContainer {
  readonly files = new Map<string, string>();
  readonly log: ContainerLog;
  readonly #exitWaiters = new Set<() => void>();
  readonly #outputWatchers = new Set<OutputWatcher>();
  #runner: ProgramRunner | undefined;
  #exitTimer: Timer | undefined;

  constructor(private readonly container: ContainerRecord, private readonly clock: Clock) {
    this.log = new ContainerLog(container.logPath);
  }

  /** Runs its process as if it had run for some time already. */
  run(context: ProcessContext, alreadyRanMs: number, onExit: (code: number) => void): void {
    const { behaviour: { exit }, config: { command, args } } = this.container;
    if (exit) this.#exitTimer = this.clock.setTimeout(() => onExit(exit.code), exit.afterMs - alreadyRanMs);
    const resolution = resolveCommand([...command, ...args], context);
    // Anything else is a server or an interactive shell: it runs until it is stopped.
    if (resolution.kind !== 'program') return;
    const output = {
      print: (stream: 'stdout' | 'stderr', text: string) => {
        this.log.append(this.clock.now(), stream, text);
        for (const watcher of this.#outputWatchers) watcher(stream, text);
      },
      exited: (code: number) => {
        if (!exit) onExit(code);
      },
    };
    this.#runner = new ProgramRunner(resolution.start(), output, this.clock, alreadyRanMs);
    this.#runner.start();
  }

  /** Stops its timers; nobody is told. */
  halt(): void {
    this.#runner?.stop();
    this.#exitTimer?.cancel();
  }

  /** Resolves when it has ended, or the signal says so. */
  exit(signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      const done = (): void => {
        this.#exitWaiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#exitWaiters.add(done);
      signal.addEventListener('abort', done);
    });
  }

  /** Waits so long, or until it ends by itself. @throws when the signal aborts */
  async exitWithin(ms: number, signal?: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const onExit = (): void => {
      ended.abort();
    };
    this.#exitWaiters.add(onExit);
    try {
      await this.clock.sleep(ms, signal ? AbortSignal.any([ended.signal, signal]) : ended.signal);
    } catch (error) {
      if (!ended.signal.aborted) throw error;
    } finally {
      this.#exitWaiters.delete(onExit);
    }
  }

  tellOfExit(): void {
    for (const waiter of [...this.#exitWaiters]) waiter();
  }

  /** Tells of what the main process prints from now on; answers how to stop that. */
  watchOutput(watcher: OutputWatcher): () => void {
    this.#outputWatchers.add(watcher);
    return () => this.#outputWatchers.delete(watcher);
  }
}
