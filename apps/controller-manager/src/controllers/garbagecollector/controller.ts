import { setMaxListeners } from 'node:events';
import type { KubeObject } from '@navarch/api';
import { after, Controller, done, type EventRecorder, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import { recorderFor, type ControllerContext } from '../../context';
import { patientSync } from '../../patient-sync';
import { followsByWatch, ResourceTypes, type AnyResource } from '../../resource-types';
import type { RunningController } from '../../running-controller';
import { Collector } from './collector';
import { describeIdentity, type Identity } from './identity';
import { OwnershipGraph, type GraphWork } from './ownership-graph';

/** They come in masses, expire by themselves, and own nothing. */
const IGNORED = new Set(['/events', 'events.k8s.io/events']);

/** How long it waits, at its start, for kinds to be read; upstream's initialSyncTimeout. */
const SYNC_PATIENCE_MS = 30_000;

/** How soon an object is looked at again of which no news has come: as soon as one that failed. */
const unseenMs = (looks: number): number => Math.min(5 * 2 ** looks, 1_000_000);

const resourceOf = ({ group, resource }: AnyResource): string => `${group}/${resource}`;
/** A kind that is served in another version from now on is followed anew. */
const typeKey = ({ group, version, resource }: AnyResource): string => `${group}/${version}/${resource}`;

/** Deletes what has lost its owners, in the background, in the foreground, or not at all. */
export class GarbageCollector implements RunningController {
  readonly name = 'garbage-collector-controller';
  readonly #context: ControllerContext;
  readonly #types: ResourceTypes;
  readonly #graph: OwnershipGraph;
  readonly #collector: Collector;
  readonly #events: EventRecorder;
  readonly #deleting: Controller;
  readonly #orphaning: Controller;
  readonly #followed = new Map<string, { readonly source: ObjectSource<KubeObject>; readonly forget: () => void }>();
  readonly #stopping = new AbortController();
  #forgetDefinitions: (() => void) | undefined;

  constructor(context: ControllerContext) {
    // Every kind that it waits for listens.
    setMaxListeners(0, this.#stopping.signal);
    this.#context = context;
    this.#types = new ResourceTypes(context.sources);
    const lookup = (apiVersion: string, kind: string): AnyResource | undefined => this.#types.servedAs(apiVersion, kind);
    this.#graph = new OwnershipGraph(lookup);
    this.#events = recorderFor('garbage-collector-controller', context);
    this.#collector = new Collector({ api: context.api, graph: this.#graph, lookup, onWork: (work) => this.#take(work) });
    const queue = (name: string, work: (uid: string, signal: AbortSignal) => Promise<Result>): Controller => {
      const reconciler: Reconciler = {
        name,
        // Keys are uids: the object of a name may change while it waits.
        reconcile: ({ name: uid }: ObjectKey, signal) => work(uid, signal),
      };
      const { clock, log, queueMetrics, onOutcome } = context;
      return new Controller({ workers: context.config.concurrentGcSyncs }, { reconciler, clock, log, queueMetrics, onOutcome });
    };
    this.#deleting = queue('garbage_collector_attempt_to_delete', async (uid, signal) => {
      const node = this.#graph.get(uid);
      return node !== undefined && (await this.#collector.attemptToDelete(node, signal)) ? after(unseenMs(node.looks++)) : done;
    });
    this.#orphaning = queue('garbage_collector_attempt_to_orphan', async (uid, signal) => {
      const node = this.#graph.get(uid);
      if (node?.orphaning === true) await this.#collector.attemptToOrphan(node, signal);
      return done;
    });
  }

  /** Follows all kinds before it judges any object: an owner's kind must be known as well as its dependents'. One that cannot be read, as of a webhook that fails, is not waited for for ever. */
  async start(): Promise<void> {
    const { signal } = this.#stopping;
    await this.#types.definitions.waitForSync(signal);
    this.#followAll();
    const sources = Array.from(this.#followed.values(), ({ source }) => source);
    const isKnown = await patientSync(sources, SYNC_PATIENCE_MS, this.#context.clock, signal);
    const unknown = sources.filter((_, index) => isKnown[index] !== true).map(({ type }) => resourceOf(type));
    if (unknown.length > 0) this.#context.log.warn({ resources: unknown }, 'garbage collector: not all kinds could be read, proceeding anyway');
    this.#forgetDefinitions = this.#types.definitions.addHandler({ onAdd: () => this.#followAll(), onUpdate: () => this.#followAll(), onDelete: () => this.#followAll() });
    await this.#deleting.start();
    await this.#orphaning.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('garbage collector stopped'));
    this.#forgetDefinitions?.();
    for (const { forget } of this.#followed.values()) forget();
    await Promise.all([this.#deleting.stop(), this.#orphaning.stop()]);
  }

  #followAll(): void {
    const types = this.#types.all().filter((type) => !IGNORED.has(resourceOf(type)));
    const wanted = new Set(types.map(typeKey));
    for (const [key, { forget, source }] of this.#followed) {
      if (wanted.has(key)) continue;
      // The kind is gone, and with it, as a rule, all its objects.
      forget();
      this.#followed.delete(key);
      this.#context.sources.release(source.type);
      const isServed = types.some((type) => resourceOf(type) === resourceOf(source.type));
      if (!isServed) for (const { metadata } of source.list()) this.#take(this.#graph.loseSight(metadata.uid ?? ''));
    }
    for (const type of types) if (!this.#followed.has(typeKey(type))) this.#follow(type);
  }

  #follow(type: AnyResource): void {
    const source = this.#context.sources.informer(type, { metadataOnly: true, alwaysWatch: followsByWatch(type) });
    const put = (object: KubeObject): void => this.#take(this.#graph.put(type, object));
    const forget = source.addHandler({
      onAdd: put,
      onUpdate: (previous, object) => {
        if (ownership(previous) !== ownership(object)) put(object);
      },
      onDelete: ({ metadata }) => this.#take(this.#graph.remove(metadata.uid ?? '')),
    });
    this.#followed.set(typeKey(type), { source, forget });
  }

  #take({ attemptToDelete, attemptToOrphan, absent, misplaced }: GraphWork): void {
    for (const owner of absent) this.#collector.noteAbsent(owner);
    for (const { dependent, owner } of misplaced) this.#reportMisplaced(dependent, owner);
    for (const { identity } of attemptToDelete) this.#deleting.enqueue({ namespace: '', name: identity.uid });
    for (const { identity } of attemptToOrphan) this.#orphaning.enqueue({ namespace: '', name: identity.uid });
  }

  #reportMisplaced({ namespace, ...dependent }: Identity, owner: Identity): void {
    const about = { ...dependent, ...(namespace === '' ? {} : { namespace }) };
    this.#events.record(about, 'Warning', 'OwnerRefInvalidNamespace', `ownerRef ${describeIdentity(owner)} does not exist in namespace "${owner.namespace}"`);
  }
}

/** All of an object that the graph depends on: most updates change none of it. */
function ownership({ metadata: { ownerReferences, deletionTimestamp, finalizers } }: KubeObject): string {
  if (ownerReferences === undefined && deletionTimestamp === undefined) return '';
  return JSON.stringify([ownerReferences, deletionTimestamp !== undefined, finalizers]);
}

export const garbageCollector = (context: ControllerContext): RunningController => new GarbageCollector(context);
