import type { corev1, networkingv1 } from '@navarch/api';
import type { Informer } from '@navarch/client';
import { rest, type Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { emptyState, filterChange, filterDeclaration, filterQuestions, type FilterState } from './filter-state';
import { podRangesOf } from '../pod-ranges';
import type { Family } from './policy-objects';
import { policyRules } from './policy-rules';

export interface PolicyEnforcerDeps {
  readonly policies: Informer<networkingv1.NetworkPolicy>;
  readonly pods: Informer<corev1.Pod>;
  readonly namespaces: Informer<corev1.Namespace>;
  /** Where this node's pods have all addresses of its pod ranges, and nobody else: addresses there that no pod is known by are closed while there are policies. */
  readonly nodes?: Informer<corev1.Node>;
  /** Carries a script out as one transaction; rejects when the kernel refuses it. */
  readonly runNft: (script: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

const families: readonly Family[] = ['ip', 'ip6'];
const firstRetryMs = 100;
const longestRetryMs = 30_000;
/** How often it is looked whether the rules are still there. */
const lookMs = 30_000;
/** Changes that come together are worked out together. */
const gatherMs = 20;

/** Keeps the node's filter level with the policies. The rules stay when it stops: a restart opens nothing. */
export class PolicyEnforcer implements Component {
  readonly name = 'network-policies';
  readonly #stop = new AbortController();
  readonly #installed = new Map<Family, FilterState>();
  readonly #endings: (() => void)[] = [];
  #dirty = true;
  /** The rules are gone, by somebody else's doing. */
  #lost = false;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #failure: string | undefined = 'policies are not enforced yet';
  #guardedRanges: readonly string[] = [];
  readonly #onEnforced = new Set<() => void>();

  constructor(private readonly nodeName: string, private readonly deps: PolicyEnforcerDeps) {}

  /** Why policies are not in force; undefined when they are. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Resolves when pods may have addresses of these ranges, of this node: none is open before its policies are known. */
  async guarded(podRanges: readonly string[]): Promise<void> {
    while (podRanges.some((range) => !this.#guardedRanges.includes(range)) && !this.#stop.signal.aborted) await new Promise<void>((resolve) => this.#onEnforced.add(resolve));
  }

  /** Resolves when the policies that exist are in force. */
  async start(): Promise<void> {
    const { policies, pods, namespaces, nodes } = this.deps;
    const mark = (): void => {
      this.#dirty = true;
      this.#wake?.();
    };
    const when = <T>(partOf: (object: T) => string) => ({ onAdd: mark, onDelete: mark, onUpdate: (before: T, after: T): void => (partOf(before) === partOf(after) ? undefined : mark()) });
    this.#endings.push(
      policies.addHandler(when(({ spec }) => JSON.stringify(spec))),
      namespaces.addHandler(when(({ metadata }) => JSON.stringify(metadata.labels))),
      // Pods change often, by their status; only this much of it matters.
      pods.addHandler(
        when(({ metadata, spec, status }) =>
          JSON.stringify([metadata.labels, spec?.nodeName, status?.podIPs, status?.podIP, status?.phase === 'Succeeded' || status?.phase === 'Failed']),
        ),
      ),
      ...(nodes === undefined ? [] : [nodes.addHandler(when((node) => JSON.stringify(podRangesOf(node))))]),
    );
    await Promise.all([policies, pods, namespaces, ...(nodes === undefined ? [] : [nodes])].map((informer) => informer.waitForSync(this.#stop.signal)));
    await new Promise<void>((resolve) => {
      this.#loop = this.#run(resolve);
    });
    this.#looking = this.#look();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('network policies are stopping'));
    for (const end of this.#endings) end();
    this.#wake?.();
    await Promise.all([this.#loop, this.#looking]);
  }

  /** Who flushes the kernel's rules opens every pod: they are put back. */
  async #look(): Promise<void> {
    const { clock, log, runNft } = this.deps;
    const stopped = (): boolean => this.#stop.signal.aborted;
    while (!stopped()) {
      await rest(clock, lookMs, this.#stop.signal);
      if (stopped() || this.#failure !== undefined) continue;
      await Promise.all(filterQuestions.map(runNft)).catch((error: unknown) => {
        log.warn({ err: error }, 'the rules of network policies are gone: they are put back');
        // Not cleared here: what is being put in force right now would be noted all the same, as if it had been put there since.
        this.#lost = true;
        this.#dirty = true;
        this.#wake?.();
      });
    }
  }

  async #run(onFirst: () => void): Promise<void> {
    const { clock, log } = this.deps;
    const stopped = (): boolean => this.#stop.signal.aborted;
    let retryMs = firstRetryMs;
    while (!stopped()) {
      this.#dirty = false;
      if (this.#lost) this.#installed.clear();
      this.#lost = false;
      try {
        await this.#enforce();
        this.#failure = undefined;
        retryMs = firstRetryMs;
        onFirst();
        await this.#untilDirty();
        await rest(clock, gatherMs, this.#stop.signal);
      } catch (error) {
        this.#failure = error instanceof Error ? error.message : String(error);
        log.error({ err: error }, 'network policies could not be put in force; all are tried again');
        this.#installed.clear();
        await rest(clock, retryMs, this.#stop.signal);
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
    }
    onFirst();
    this.#tellEnforced();
  }

  async #enforce(): Promise<void> {
    const { policies, pods, namespaces, nodes, runNft } = this.deps;
    const podRanges = podRangesOf(nodes?.get({ namespace: '', name: this.nodeName }));
    const world = { policies: policies.list(), pods: pods.list(), namespaces: namespaces.list(), nodeName: this.nodeName, podRanges };
    for (const family of families) {
      const wanted = policyRules(world, family);
      const known = this.#installed.get(family);
      const lines = [...(known === undefined ? filterDeclaration(family) : []), ...filterChange(family, known ?? emptyState, wanted)];
      if (lines.length > 0) await runNft(`${lines.join('\n')}\n`);
      this.#installed.set(family, wanted);
    }
    this.#guardedRanges = podRanges;
    this.#tellEnforced();
  }

  #tellEnforced(): void {
    for (const resolve of this.#onEnforced) resolve();
    this.#onEnforced.clear();
  }

  #untilDirty(): Promise<void> {
    if (this.#dirty || this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
