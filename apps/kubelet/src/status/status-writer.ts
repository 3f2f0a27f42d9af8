import { core, type corev1 } from '@navarch/api';
import { isConflict, isNotFound } from '@navarch/apimachinery';
import { type ApiClient } from '@navarch/client';
import { rest, type Clock, type Timer } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { canonicallyEqual } from '../canonical-json';
import { nameOf, namespaceOf, uidOf } from '../pods/pod-spec';
import { isBeginning } from './is-beginning';
import { podStatusPatch } from './status-patch';

interface Entry {
  pod: corev1.Pod;
  wanted: corev1.PodStatus;
  /** The newest state of the API that is known here. */
  base: corev1.PodStatus;
  baseVersion: number;
  /** What was last written: nothing is written twice, even if the API shows it differently. */
  written: corev1.PodStatus | undefined;
  /** Since the last write began. */
  changed: boolean;
  /** When what is not in the API yet began to differ; undefined: nothing does. */
  changedAtMs: number | undefined;
  writing: Promise<void> | undefined;
  /** Until a status that tells of a beginning only is written all the same, or waits again. */
  resting: Timer | undefined;
}

export interface StatusWriterDeps {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** A change is in the API, so long after it was made. */
  readonly onWritten?: (ms: number) => void;
  /** A status is to be told that may differ from the last one. */
  readonly onStatus?: (before: corev1.PodStatus, now: corev1.PodStatus) => void;
}

const retryMs = { first: 500, last: 10_000 };
/** How long a status that tells of a beginning only waits for what comes of it: of a pod whose sandbox is quickly there, one write less. */
const beginningMs = 200;
/** So often it waits again while statuses of other pods are being written: those say more, and this one will soon. */
const beginningsAgain = 4;

/** Brings the statuses of pods into the API: one write of a pod at a time, always the newest. */
export class StatusWriter {
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new AbortController();
  /** Pods whose status is being written. */
  #underWay = 0;

  constructor(private readonly deps: StatusWriterDeps) {}

  set(pod: corev1.Pod, wanted: corev1.PodStatus): void {
    const uid = uidOf(pod);
    const version = versionOf(pod);
    let entry = this.#entries.get(uid);
    this.deps.onStatus?.(entry?.wanted ?? pod.status ?? {}, wanted);
    if (!entry) {
      entry = { pod, wanted, base: pod.status ?? {}, baseVersion: version, written: undefined, changed: false, changedAtMs: undefined, writing: undefined, resting: undefined };
      this.#entries.set(uid, entry);
    }
    entry.pod = pod;
    entry.wanted = wanted;
    if (version > entry.baseVersion) {
      entry.base = pod.status ?? {};
      entry.baseVersion = version;
      entry.written = undefined;
    }
    entry.changed = true;
    if (entry.writing || !isBeginning(wanted)) this.#write(entry);
    else if (!entry.resting) this.#rest(entry, beginningsAgain);
  }

  #rest(entry: Entry, again: number): void {
    entry.resting = this.deps.clock.setTimeout(() => {
      if (this.#underWay > 0 && again > 0) this.#rest(entry, again - 1);
      else this.#write(entry);
    }, beginningMs);
  }

  /** Resolves when the newest status is in the API, or its pod is gone from it. */
  async flush(uid: string): Promise<void> {
    const waiting = this.#entries.get(uid);
    if (waiting?.resting) this.#write(waiting);
    for (let entry = this.#entries.get(uid); entry?.writing; entry = this.#entries.get(uid)) await entry.writing;
  }

  forget(uid: string): void {
    this.#entries.get(uid)?.resting?.cancel();
    this.#entries.delete(uid);
  }

  stop(): void {
    for (const { resting } of this.#entries.values()) resting?.cancel();
    this.#stop.abort(new Error('status writer is stopping'));
  }

  #write(entry: Entry): void {
    entry.resting?.cancel();
    entry.resting = undefined;
    entry.changedAtMs ??= this.deps.clock.now();
    entry.writing ??= this.#writeAll(entry);
  }

  async #writeAll(entry: Entry): Promise<void> {
    const changed = (): boolean => entry.changed;
    this.#underWay++;
    while (changed()) {
      entry.changed = false;
      await this.#writeNewest(entry);
    }
    this.#underWay--;
    entry.writing = undefined;
  }

  /** Never rejects. */
  async #writeNewest(entry: Entry): Promise<void> {
    const { client, clock, log } = this.deps;
    const { signal } = this.#stop;
    const stopped = (): boolean => signal.aborted;
    for (let waitMs = retryMs.first; !stopped();) {
      const { wanted } = entry;
      const patch = entry.written && canonicallyEqual(wanted, entry.written) ? undefined : podStatusPatch(entry.base, wanted);
      if (!patch) {
        entry.changedAtMs = undefined;
        return;
      }
      const { pod } = entry;
      const key = { namespace: namespaceOf(pod), name: nameOf(pod) };
      try {
        const answer = await client.patch(core.pods, key, 'strategic', { metadata: { uid: uidOf(pod) }, status: patch }, { subresource: 'status', signal });
        waitMs = retryMs.first;
        entry.written = wanted;
        if (entry.changedAtMs !== undefined) this.deps.onWritten?.(clock.now() - entry.changedAtMs);
        entry.changedAtMs = entry.changed ? clock.now() : undefined;
        if (versionOf(answer) >= entry.baseVersion) {
          entry.base = answer.status ?? {};
          entry.baseVersion = versionOf(answer);
        }
      } catch (error) {
        // Gone, or another pod has its name by now: there is no status to write.
        if (isNotFound(error) || isConflict(error)) return;
        if (stopped()) return;
        log.warn({ err: error, pod }, 'pod status not written');
        await rest(clock, waitMs, signal);
        waitMs = Math.min(waitMs * 2, retryMs.last);
      }
    }
  }
}

function versionOf(pod: corev1.Pod): number {
  return Number(pod.metadata.resourceVersion ?? 0);
}
