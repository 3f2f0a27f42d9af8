import { allResources, apiextensions, apiVersionOf, storagemigration, type KubeObject, type storagemigrationv1beta1 } from '@navarch/api';
import { formatTime, isConflict, isInternalError, isNotFound, isServerTimeout, isServiceUnavailable, isTimeout, isTooManyRequests } from '@navarch/apimachinery';
import { after, done, keyOfObject, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { messageOf } from '../../errors';
import { ResourceTypes, type AnyResource } from '../../resource-types';
import { read, runningController, type RunningController } from '../../running-controller';
import { whereServed } from '../../where-served';
import { migratedDefinition, migratingDefinition } from './definition-state';
import { hasEnded, isOfSameResource, isToBeWritten, planMigration, told, withoutRunning, withTold } from './sync';

type Migration = storagemigrationv1beta1.StorageVersionMigration;

const NAME = 'storage-version-migrator-controller';
/** A resource may be new, and not known yet. */
const PATIENCE_MS = 60_000;
const ASK_AGAIN_MS = 5_000;
/** Objects written side by side: enough to keep the stream of writes full. */
const SIDE_BY_SIDE = 100;

/** Whether it helps to try again. */
const isPassing = (error: unknown): boolean => [isServerTimeout, isTooManyRequests, isServiceUnavailable, isInternalError, isTimeout].some((is) => is(error));

/** Writes the objects of a resource again, in the form in which they are stored now. Keys are StorageVersionMigrations. */
export class StorageVersionMigrator implements Reconciler {
  readonly name = NAME;
  readonly migrations: ObjectSource<Migration>;
  readonly types: ResourceTypes;
  wake: (key: ObjectKey) => void = () => undefined;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.migrations = context.sources.informer(storagemigration.storageversionmigrations);
    this.types = new ResourceTypes(context.sources);
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const migration = this.migrations.get(key);
    if (migration === undefined) return done;
    switch (planMigration(migration, this.migrations.list())) {
      case 'wait':
        return done;
      case 'start':
        await this.#changeDefinition(migration, (definition, now) => migratingDefinition(definition, key.name, now), signal);
        await this.#say(migration, told.running, signal);
        return done;
      case 'checkpoint':
        return this.#checkpoint(migration, signal);
      case 'migrate':
        return this.#migrate(migration, signal);
      case 'finish':
        await this.#finish(migration, signal);
        return done;
    }
  }

  async #checkpoint(migration: Migration, signal: AbortSignal): Promise<Result> {
    const { api } = this.#context;
    const type = this.#typeOf(migration);
    const listed = type && (await api.list(type, { signal }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    }));
    if (listed === undefined) return this.#unknown(migration, signal);
    await api.updateStatus(storagemigration.storageversionmigrations, { ...migration, status: { ...migration.status, resourceVersion: String(listed.resourceVersion) } }, { signal });
    return done;
  }

  async #migrate(migration: Migration, signal: AbortSignal): Promise<Result> {
    const type = this.#typeOf(migration);
    if (type === undefined) return this.#unknown(migration, signal);
    const { items } = await this.#context.api.list(type, { signal });
    const outdated = items.filter(({ metadata }) => isToBeWritten(metadata, migration.status?.resourceVersion ?? ''));
    for (let at = 0; at < outdated.length; at += SIDE_BY_SIDE) {
      const outcomes = await Promise.allSettled(outdated.slice(at, at + SIDE_BY_SIDE).map((object) => this.#rewrite(type, object, signal)));
      const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      const lasting = failures.find((failure) => !isPassing(failure));
      if (lasting !== undefined && !signal.aborted) {
        await this.#say(migration, told.failed(messageOf(lasting)), signal);
        return done;
      }
      if (failures.length > 0) throw failures[0];
    }
    await this.#say(migration, told.succeeded, signal);
    return done;
  }

  /** An apply of nothing: it changes nothing but the form in which the object is stored. */
  async #rewrite(type: AnyResource, { metadata }: KubeObject, signal: AbortSignal): Promise<void> {
    const { name = '', namespace = '', uid, resourceVersion } = metadata;
    const nothing = { apiVersion: apiVersionOf(type), kind: type.kind, metadata: { uid, resourceVersion } };
    await this.#context.api.patch(type, { namespace, name }, 'apply', nothing, { signal, fieldManager: NAME }).catch((error: unknown) => {
      // Written, or deleted, by somebody else meanwhile: it is done.
      if (!isConflict(error)) throw error;
    });
  }

  async #unknown(migration: Migration, signal: AbortSignal): Promise<Result> {
    const age = this.#context.clock.now() - Date.parse(migration.metadata.creationTimestamp ?? '');
    if (age < PATIENCE_MS) return after(ASK_AGAIN_MS);
    await this.#say(migration, told.failed('unable to obtain GVR from discovery'), signal);
    return done;
  }

  async #finish(migration: Migration, signal: AbortSignal): Promise<void> {
    const ended = withoutRunning(migration);
    if (ended !== undefined) {
      const hasSucceeded = migration.status?.conditions?.some(({ type, status }) => type === 'Succeeded' && status === 'True') === true;
      await this.#changeDefinition(migration, (definition, now) => migratedDefinition(definition, hasSucceeded, now), signal);
      await this.#context.api.updateStatus(storagemigration.storageversionmigrations, ended, { signal });
    }
    for (const other of this.migrations.list()) if (!hasEnded(other) && isOfSameResource(other, migration)) this.wake(keyOfObject(other));
  }

  /** Changes the definition of a migration's resource, if that is a custom one. */
  async #changeDefinition({ spec }: Migration, change: (definition: Parameters<typeof migratedDefinition>[0], now: string) => Parameters<typeof migratedDefinition>[0], signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#context;
    const name = `${spec?.resource.resource ?? ''}.${spec?.resource.group ?? ''}`;
    if (this.types.definitions.get({ namespace: '', name }) === undefined) return;
    const definition = await api.get(apiextensions.customresourcedefinitions, { namespace: '', name }, { signal });
    await api.updateStatus(apiextensions.customresourcedefinitions, change(definition, formatTime(clock.now())), { signal });
  }

  async #say(migration: Migration, what: Parameters<typeof withTold>[1], signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#context;
    await api.updateStatus(storagemigration.storageversionmigrations, withTold(migration, what, formatTime(clock.now())), { signal });
  }

  /** The resource in a version that is served by default, else in any: whether that is served shows when it is listed. */
  #typeOf({ spec }: Migration): AnyResource | undefined {
    const { group = '', resource = '' } = spec?.resource ?? {};
    const isIt = (type: Pick<AnyResource, 'group' | 'resource'>): boolean => type.group === group && type.resource === resource;
    return this.types.all().find(isIt) ?? [...allResources()].find((type) => isIt(type) && type.verbs.includes('list') && type.verbs.includes('patch'));
  }
}

export const storageVersionMigrator = whereServed({ name: NAME, types: [storagemigration.storageversionmigrations], create: (context): RunningController => {
  const reconciler = new StorageVersionMigrator(context);
  const { migrations, types } = reconciler;
  return runningController({
    reconciler,
    workers: 5,
    reads: [read(migrations), read(types.definitions)],
    watch: (controller) => {
      reconciler.wake = (key) => controller.enqueue(key);
      const wake = (migration: Migration): void => controller.enqueueObject(migration);
      return [migrations.addHandler({
        onAdd: wake,
        onUpdate: (_, migration) => wake(migration),
        // The next of its resource may be first now.
        onDelete: (gone) => migrations.list().filter((other) => isOfSameResource(other, gone)).forEach(wake),
      })];
    },
  }, context);
} });
