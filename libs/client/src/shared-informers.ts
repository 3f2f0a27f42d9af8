import type { KubeObject, ResourceType } from '@navarch/api';
import type { ChangeFeed } from '@navarch/bus';
import type { Clock } from '@navarch/clock';
import { ClassInformer } from './class-informer';
import type { InformerCounters } from './informer-counters';
import type { ClientLog } from './log';
import type { ObjectTransport } from './object-transport';
import type { WriteObserver } from './remote-api-client';
import type { Informer, InformerFactory, InformerOptions } from './types';

export interface SharedInformersDeps {
  readonly transport: Pick<ObjectTransport, 'get' | 'snapshot' | 'watch'>;
  readonly feed?: ChangeFeed | undefined;
  readonly clock: Clock;
  readonly log: ClientLog;
  readonly random?: () => number;
}

/** One line of what health and metrics show of an informer. */
export interface InformerState {
  readonly resource: string;
  readonly group: string;
  readonly node: string;
  readonly synced: boolean;
  readonly source: Informer<KubeObject>['source'];
  readonly resourceVersion: number;
  readonly counters: InformerCounters;
}

/** The process's informers, shared by class; the answers to own writes enter them at once. */
export class SharedInformers implements InformerFactory, WriteObserver {
  readonly #deps: SharedInformersDeps;
  readonly #informers = new Map<string, { readonly informer: ClassInformer<KubeObject>; readonly node: string }>();
  /** By group and resource: a process with a thousand nodes has as many informers of pods. */
  readonly #ofResource = new Map<string, Set<ClassInformer<KubeObject>>>();
  #started = false;

  constructor(deps: SharedInformersDeps) {
    this.#deps = deps;
  }

  informer<T extends KubeObject>(type: ResourceType<T>, options: InformerOptions<T> = {}): Informer<T> {
    const node = options.node ?? '';
    const resource = resourceOf(type);
    const key = `${resource}/${node}`;
    const known = this.#informers.get(key)?.informer as ClassInformer<T> | undefined;
    if (known !== undefined) {
      if (known.metadataOnly && options.metadataOnly !== true) throw new Error(`informer of ${type.resource}: asked for in full after it was asked for as metadata only`);
      known.addIndexes(options.indexes ?? {});
      return known;
    }
    const informer = new ClassInformer<T>(type, options, { random: Math.random, ...this.#deps });
    const added = informer as unknown as ClassInformer<KubeObject>;
    this.#informers.set(key, { informer: added, node });
    this.#ofResource.set(resource, (this.#ofResource.get(resource) ?? new Set()).add(added));
    if (this.#started) informer.start();
    return informer;
  }

  release(type: ResourceType<KubeObject>): void {
    const released = this.#of(type);
    this.#ofResource.delete(resourceOf(type));
    for (const [key, { informer }] of this.#informers) if (released.has(informer)) this.#informers.delete(key);
    for (const informer of released) informer.stop().catch((error: unknown) => this.#deps.log.error({ resource: type.resource, err: error }, 'informer failed to stop'));
  }

  /** Starts all informers, also those asked for later; resolves at once: see `waitForSync`. */
  start(): Promise<void> {
    this.#started = true;
    for (const { informer } of this.#informers.values()) informer.start();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#started = false;
    await Promise.all(Array.from(this.#informers.values(), ({ informer }) => informer.stop()));
  }

  /** Resolves when every informer asked for so far is synced. */
  async waitForSync(signal?: AbortSignal): Promise<void> {
    await Promise.all(Array.from(this.#informers.values(), ({ informer }) => informer.waitForSync(signal)));
  }

  states(): InformerState[] {
    return Array.from(this.#informers.values(), ({ informer, node }) => ({
      resource: informer.type.resource,
      group: informer.type.group,
      node,
      synced: informer.synced,
      source: informer.source,
      resourceVersion: informer.resourceVersion,
      counters: informer.counters,
    }));
  }

  written(type: ResourceType<KubeObject>, object: KubeObject): void {
    for (const informer of this.#of(type)) informer.observe(object);
  }

  deleted(type: ResourceType<KubeObject>, object: KubeObject): void {
    for (const informer of this.#of(type)) informer.observeDeleted(object);
  }

  async maybeCreated(type: ResourceType<KubeObject>, signal?: AbortSignal): Promise<void> {
    await Promise.all(Array.from(this.#of(type), (informer) => informer.catchUp(signal)));
  }

  #of(type: ResourceType<KubeObject>): ReadonlySet<ClassInformer<KubeObject>> {
    return this.#ofResource.get(resourceOf(type)) ?? none;
  }
}

const none: ReadonlySet<never> = new Set<never>();

/** Of whatever version: an object is one object in all of them. */
const resourceOf = ({ group, resource }: ResourceType<unknown>): string => `${group}/${resource}`;
