import { coordination, internal, type apiserverinternalv1alpha1, type coordinationv1 } from '@navarch/api';
import { formatTime, isNotFound } from '@navarch/apimachinery';
import { done, keyOfObject, type ObjectKey, type ObjectSource, type Reconciler, type Result } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { read, runningController, type RunningController } from '../../running-controller';
import { whereServed } from '../../where-served';
import { planStorageVersion } from './sync';

type StorageVersion = apiserverinternalv1alpha1.StorageVersion;
type Lease = coordinationv1.Lease;

const LEASES = 'kube-system';
/** Of the Lease by which an apiserver says that it is there; its name is the apiserver's id. */
const isIdentity = ({ metadata }: Lease): boolean => metadata.namespace === LEASES && metadata.labels?.['apiserver.kubernetes.io/identity'] === 'kube-apiserver';

const byServer = { server: ({ status }: StorageVersion): readonly string[] => (status?.storageVersions ?? []).map(({ apiServerID }) => apiServerID) };

/** Removes what apiservers that are gone have said of the versions they store. Keys are StorageVersions. */
export class StorageVersionGarbageCollector implements Reconciler {
  readonly name = 'storage_version_garbage_collector_storageversions';
  readonly versions: ObjectSource<StorageVersion>;
  readonly leases: ObjectSource<Lease>;
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.versions = context.sources.informer(internal.storageversions, { indexes: byServer });
    this.leases = context.sources.informer(coordination.leases, { metadataOnly: true });
  }

  async reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { api, clock } = this.#context;
    const version = this.versions.get(key);
    if (version === undefined) return done;
    const ids = [...new Set(byServer.server(version))];
    const present = new Set<string>();
    await Promise.all(ids.map(async (id) => {
      if (await this.#isServer(id, signal)) present.add(id);
    }));
    const plan = planStorageVersion(version, (id) => present.has(id), formatTime(clock.now()));
    if (plan?.kind === 'status') await api.updateStatus(internal.storageversions, { ...version, status: plan.status }, { signal });
    else if (plan?.kind === 'delete') await this.#delete(version, signal);
    return done;
  }

  /** Only the API itself can say that an apiserver is gone. */
  async #isServer(name: string, signal: AbortSignal): Promise<boolean> {
    const key = { namespace: LEASES, name };
    const cached = this.leases.get(key);
    if (cached !== undefined && isIdentity(cached)) return true;
    const found = await this.#context.api.get(coordination.leases, key, { signal }).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    return found !== undefined && isIdentity(found);
  }

  async #delete(version: StorageVersion, signal: AbortSignal): Promise<void> {
    const { uid, resourceVersion } = version.metadata;
    // One that another apiserver has written to meanwhile is looked at again.
    const preconditions = { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    await this.#context.api.delete(internal.storageversions, keyOfObject(version), { signal, preconditions }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

export const storageVersionGarbageCollector = whereServed({ name: 'storageversion-garbage-collector-controller', types: [internal.storageversions], create: (context): RunningController => {
  const reconciler = new StorageVersionGarbageCollector(context);
  const { versions, leases } = reconciler;
  return runningController({
    reconciler,
    workers: 1,
    reads: [read(versions), read(leases)],
    watch: (controller) => {
      const wake = (version: StorageVersion): void => {
        const isInvalid = byServer.server(version).some((name) => {
          const lease = leases.get({ namespace: LEASES, name });
          return lease === undefined || !isIdentity(lease);
        });
        if (isInvalid) controller.enqueueObject(version);
      };
      return [
        versions.addHandler({ onAdd: wake, onUpdate: (_, version) => wake(version) }),
        leases.addHandler({
          onDelete: (lease) => {
            if (isIdentity(lease)) for (const version of versions.byIndex('server', lease.metadata.name ?? '')) controller.enqueueObject(version);
          },
        }),
      ];
    },
  }, context);
} });
