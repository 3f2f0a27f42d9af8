import { apiextensions } from '@navarch/api';
import { formatTime, isConflict, isNotFound } from '@navarch/apimachinery';
import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import { CLEANUP_FINALIZER, conditionOf, type CustomResourceDefinition, isTrue, settleStatus, withConditions } from '@navarch/custom-resources';
import { loopback, type ObjectReader, type ObjectWriter } from '../pipeline';
import { remove } from '../registry/delete';
import { nameOfKey } from '../registry/keys';
import type { Registry } from '../registry/registry';
import type { ResourceStore } from '../registry/resource-store';
import type { WriteContext } from '../registry/write-context';
import { isReachable } from './reachable';

export interface DefinitionControllerDeps {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly registry: Registry;
  /** Where the objects of a definition are, by its name. */
  readonly storeOf: (definitionName: string) => ResourceStore | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

const RETRY_MS = 1000;
/** How long objects with finalizers are waited for between looks. */
const CLEANUP_POLL_MS = 1000;

/** What the deletion of a definition's objects is done with: admission has been asked about the definition, not about each of them. */
const CLEANING: WriteContext = {
  user: loopback, dryRun: false, fieldManager: 'kube-apiserver', userAgent: '', fieldValidation: 'Ignore', force: false, trusted: true, warn: () => undefined,
};

/** Gives definitions their names and conditions, and takes their objects away when they go. Every apiserver does it: whoever comes second finds it done. */
export class DefinitionController implements Component {
  readonly name = 'custom-resource-definitions';
  private readonly waiting = new Set<string>();
  private readonly stopping = new AbortController();
  private stopFollowing: (() => void) | undefined;
  private working: Promise<void> | undefined;

  constructor(private readonly deps: DefinitionControllerDeps) {}

  start(): Promise<void> {
    const { reader } = this.deps;
    this.stopFollowing ??= reader.onChange(apiextensions.customresourcedefinitions, ({ object, type }) => {
      this.enqueue(object);
      // A name that is given up may be another's.
      if (type === 'delete') for (const other of reader.list(apiextensions.customresourcedefinitions)) if (other.spec.group === object.spec.group) this.enqueue(other);
    });
    for (const definition of reader.list(apiextensions.customresourcedefinitions)) this.enqueue(definition);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.stopFollowing?.();
    this.stopping.abort();
    await this.working;
  }

  private enqueue({ metadata: { name = '' } }: CustomResourceDefinition): void {
    this.waiting.add(name);
    this.working ??= this.work();
  }

  private async work(): Promise<void> {
    const { signal } = this.stopping;
    // Not within the apply of the cache that tells of the change.
    await new Promise((resolve) => setImmediate(resolve));
    for (const name of this.waiting) {
      if (signal.aborted) break;
      this.waiting.delete(name);
      try {
        await this.reconcile(name);
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) this.deps.log.warn({ err: error, customResourceDefinition: name }, 'definition could not be settled, trying again');
        this.later(name, RETRY_MS);
      }
    }
    // Here, and not when the promise is settled: what is enqueued in between would wait for ever.
    this.working = undefined;
  }

  private later(name: string, ms: number): void {
    const { clock } = this.deps;
    clock.sleep(ms, this.stopping.signal).then(() => this.enqueue({ metadata: { name } } as CustomResourceDefinition), () => undefined); // an abort ends it
  }

  private async reconcile(name: string): Promise<void> {
    const { reader, writer, clock } = this.deps;
    const definition = reader.get(apiextensions.customresourcedefinitions, '', name);
    if (!definition) return;
    const now = formatTime(clock.now());
    if (definition.metadata.deletionTimestamp !== undefined) {
      await this.cleanUp(definition, now);
      return;
    }
    const settled = settleStatus(definition, reader.list(apiextensions.customresourcedefinitions), now);
    if (settled !== definition) await writer.update(apiextensions.customresourcedefinitions, structuredClone(settled), 'status');
  }

  private async cleanUp(definition: CustomResourceDefinition, now: string): Promise<void> {
    const { writer } = this.deps;
    const { finalizers = [], name = '' } = definition.metadata;
    if (!finalizers.includes(CLEANUP_FINALIZER)) return;
    const terminating = conditionOf(definition, 'Terminating');
    if (terminating?.reason !== 'InstanceDeletionInProgress') {
      await this.mark(definition, { type: 'Terminating', status: 'True', reason: 'InstanceDeletionInProgress', message: 'CustomResource deletion is in progress' }, now);
      return;
    }
    if (!(await this.deleteObjects(definition))) {
      this.later(name, CLEANUP_POLL_MS);
      return;
    }
    const copy = structuredClone(definition);
    copy.metadata.finalizers = finalizers.filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
    await writer.update(apiextensions.customresourcedefinitions, copy);
  }

  private async mark(definition: CustomResourceDefinition, condition: Parameters<typeof withConditions>[1][number], now: string): Promise<void> {
    const { status = {}, metadata } = definition;
    const conditions = withConditions(status.conditions ?? [], [condition], now, metadata.generation);
    await this.deps.writer.update(apiextensions.customresourcedefinitions, structuredClone({ ...definition, status: { ...status, conditions } }), 'status');
  }

  /** Whether none is left. */
  private async deleteObjects(definition: CustomResourceDefinition): Promise<boolean> {
    const { registry } = this.deps;
    if (!isTrue(definition, 'Established')) return true;
    // In a group of built-in kinds a definition has no objects: those that stand where its own would are of such a kind.
    if (!isReachable(definition, registry)) return true;
    const store = this.deps.storeOf(definition.metadata.name ?? '');
    // It is about to be there.
    if (!store) return false;
    await store.objects.ready();
    await store.deps.cache.fresh();
    for (const object of store.objects.list()) {
      if (object.object.metadata.deletionTimestamp !== undefined) continue;
      const { namespace, name } = nameOfKey(store.prefix, object.key);
      try {
        await remove(store, namespace, name, { dryRun: false, asksForCascade: false }, CLEANING);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    return store.objects.size === 0;
  }
}
