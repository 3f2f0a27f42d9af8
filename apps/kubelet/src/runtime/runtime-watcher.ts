import { rest, type Clock, type Timer } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { RuntimeUnsupportedError, type ContainerRuntime } from '../runtime';
import { type RuntimeChange, type RuntimeEventSource } from './events/runtime-event-source';
import { podNameLabel, podNamespaceLabel, podUidLabel } from './labels';
import { containerEntry, listedState, sandboxEntry } from './listed-state';

/** A pod as the runtime's labels name it. */
export interface RuntimePod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

export interface RuntimeWatcherOptions {
  /** How often everything is listed when the runtime tells of no changes, and when it does. */
  readonly relistMs: number;
  readonly relistWithEventsMs: number;
}

export interface RuntimeWatcherDeps {
  readonly runtime: ContainerRuntime;
  /** Best first. */
  readonly sources: readonly RuntimeEventSource[];
  readonly clock: Clock;
  readonly log: Logger;
  /** `sinceMs`: since the list before began to be known; undefined for the first. */
  readonly onRelist?: (durationMs: number, sinceMs: number | undefined) => void;
  /** What is known of a container besides the lists: whose it is, and whether it was already seen to have ended. */
  readonly known?: (containerId: string) => { readonly podUid: string; readonly ended: boolean } | undefined;
  /** What a list would tell of a pod if nothing has changed since somebody last looked at it; undefined for one that nobody has looked at. */
  readonly seen?: (podUid: string) => string | undefined;
}

const eventsRetryMs = 5_000;
/**
 * The runtime's CRI hears of a container's end when we do, and on a busy machine its answers may be old for a while:
 * so long after each look the pod is looked at again, until the end is seen. Whatever else is told of it has it looked at
 * often again.
 */
const lookAgainMs = [10, 20, 40, 80, 150, 300, 600, 1_200];

/** Tells which pods have changed in the runtime: by its own events where it has them, and by lists as a floor under them. */
export class RuntimeWatcher {
  /** Pods the runtime had at the last list. */
  pods: ReadonlyMap<string, RuntimePod> = new Map();
  #states = new Map<string, string>();
  #timer: Timer | undefined;
  #relisting: Promise<void> | undefined;
  /** Containers whose end is still to be seen, by id: when they are looked at again. */
  readonly #looks = new Map<string, { readonly timer: Timer; readonly wasKnown: boolean }>();
  /** Whose containers and sandboxes were seen at the last list: pods' uids by id. */
  #owners = new Map<string, string>();
  /** The source that is followed, told of changes by it or not: a new object each time. */
  #followed: { readonly name: string } | undefined;
  /** The source that is known to tell of changes now. */
  #source: string | undefined;
  #stop = new AbortController();
  #onChange: (uid: string) => void = () => undefined;
  #listedAtMs = 0;

  constructor(private readonly options: RuntimeWatcherOptions, private readonly deps: RuntimeWatcherDeps) {}

  /** When everything was last listed; for health. */
  get listedAtMs(): number {
    return this.#listedAtMs;
  }

  /** Lists once, then goes on in the background. Rejects when the first list fails. */
  async start(onChange: (uid: string) => void): Promise<void> {
    this.#onChange = onChange;
    await this.relist();
    this.#arm();
    this.#follow().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('runtime watcher is stopping'));
    this.#timer?.cancel();
    for (const { timer } of this.#looks.values()) timer.cancel();
    await this.#relisting?.catch(() => undefined);
  }

  /** Lists now, telling of every pod that differs from the list before, unless it was seen meanwhile as it is listed. */
  relist(): Promise<void> {
    this.#relisting ??= this.#list().finally(() => (this.#relisting = undefined));
    return this.#relisting;
  }

  #arm(): void {
    if (this.#stop.signal.aborted) return;
    const ms = this.#source !== undefined ? this.options.relistWithEventsMs : this.options.relistMs;
    this.#timer?.cancel();
    this.#timer = this.deps.clock.setTimeout(() => {
      this.relist()
        .catch((error: unknown) => this.deps.log.warn({ err: error }, 'runtime could not be listed'))
        .finally(() => this.#arm());
    }, ms);
  }

  async #list(): Promise<void> {
    const startedMs = this.deps.clock.now();
    const followed = this.#followed;
    const [sandboxes, containers] = await Promise.all([this.deps.runtime.listPodSandboxes(), this.deps.runtime.listContainers()]);
    const pods = new Map<string, RuntimePod>();
    const states = new Map<string, string[]>();
    const owners = new Map<string, string>();
    const note = (labels: Record<string, string>, id: string, state: string): void => {
      const uid = labels[podUidLabel];
      if (uid === undefined) return;
      owners.set(id, uid);
      pods.set(uid, { uid, namespace: labels[podNamespaceLabel] ?? '', name: labels[podNameLabel] ?? '' });
      const known = states.get(uid);
      if (known) known.push(state);
      else states.set(uid, [state]);
    };
    for (const { id, labels, state } of sandboxes) note(labels, id, sandboxEntry(id, state));
    for (const { id, labels, state } of containers) note(labels, id, containerEntry(id, state));
    const next = new Map([...states].map(([uid, all]) => [uid, listedState(all)]));
    const changed = [...new Set([...next.keys(), ...this.#states.keys()])].filter((uid) => next.get(uid) !== this.#states.get(uid));
    this.pods = pods;
    this.#states = next;
    this.#owners = owners;
    const sinceMs = this.#listedAtMs === 0 ? undefined : startedMs - this.#listedAtMs;
    this.#listedAtMs = this.deps.clock.now();
    this.deps.onRelist?.(this.#listedAtMs - startedMs, sinceMs);
    // A runtime that does not tell of changes would have refused by now; one where nothing happens has nothing to tell.
    if (followed !== undefined && followed === this.#followed) this.#source = followed.name;
    for (const uid of changed) if (next.get(uid) === undefined || next.get(uid) !== this.deps.seen?.(uid)) this.#onChange(uid);
  }

  /** Follows the first source that the runtime serves, and begins anew when it ends. */
  async #follow(): Promise<void> {
    const { sources, clock, log } = this.deps;
    const { signal } = this.#stop;
    const stopped = (): boolean => signal.aborted;
    const served = [...sources];
    while (!stopped()) {
      const [source] = served;
      if (!source) {
        log.info('the runtime tells of no changes: it is listed instead');
        return;
      }
      let unsupported = false;
      this.#followed = { name: source.name };
      try {
        for await (const change of source.follow(signal)) {
          if (this.#source !== source.name) {
            this.#source = source.name;
            this.#arm();
          }
          this.#noteChange(change);
        }
      } catch (error) {
        unsupported = error instanceof RuntimeUnsupportedError;
        log.debug({ err: error, source: source.name }, 'runtime events ended');
      }
      this.#followed = undefined;
      if (this.#source !== undefined) {
        this.#source = undefined;
        this.#arm();
      }
      if (unsupported) {
        served.shift();
        continue;
      }
      await rest(clock, eventsRetryMs, signal);
      // What happened while nobody told of it.
      if (!stopped()) await this.relist().catch((error: unknown) => log.warn({ err: error }, 'runtime could not be listed'));
    }
  }

  #noteChange(change: RuntimeChange): void {
    if ('podUid' in change) {
      this.#onChange(change.podUid);
      return;
    }
    const { id, ended = false } = change;
    const known = this.deps.known?.(id);
    const wasKnown = known !== undefined || this.#looks.get(id)?.wasKnown === true;
    // Told once more of an end that was seen already, or of what was taken away.
    if (ended && (known?.ended === true || (wasKnown && !known))) return;
    this.#tellOf(id);
    if (ended) this.#lookAgain(id, wasKnown, 0);
  }

  #lookAgain(id: string, wasKnown: boolean, step: number): void {
    this.#looks.get(id)?.timer.cancel();
    this.#looks.delete(id);
    const ms = lookAgainMs[step];
    if (ms === undefined) return;
    const timer = this.deps.clock.setTimeout(() => {
      this.#looks.delete(id);
      const known = this.deps.known?.(id);
      // Seen, or taken away meanwhile.
      if (this.#stop.signal.aborted || known?.ended === true || (wasKnown && !known)) return;
      this.#tellOf(id);
      this.#lookAgain(id, wasKnown, step + 1);
    }, ms);
    this.#looks.set(id, { timer, wasKnown });
  }

  #tellOf(id: string): void {
    const uid = this.deps.known?.(id)?.podUid ?? this.#owners.get(id);
    if (uid !== undefined) this.#onChange(uid);
    // One that came into being since the last list: whose it is, a list tells.
    else this.relist().catch((error: unknown) => this.deps.log.warn({ err: error }, 'runtime could not be listed'));
  }
}
