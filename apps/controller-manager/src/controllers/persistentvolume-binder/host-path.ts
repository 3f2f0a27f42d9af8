import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { core, storageClassOf, volumeAnnotations, type corev1, type storagev1 } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import type { EventRecorder } from '@navarch/reconcile';
import type { ControllerContext } from '../../context';
import { messageOf } from '../../errors';
import { hostPathPlugin } from './built-in-plugins';
import type { Notice } from './plan-claim';

type Claim = corev1.PersistentVolumeClaim;
type Volume = corev1.PersistentVolume;

const DIRECTORIES = '/tmp/hostpath_pv/';
/** Keeps a volume until its directory is gone. */
const FINALIZER = 'kubernetes.io/pv-controller';

/** Why no directory is made for a claim of a class, in upstream's words. */
export function refusal({ spec }: Claim, { metadata: { name }, mountOptions = [] }: storagev1.StorageClass): string | undefined {
  if (mountOptions.length > 0) return `Mount options are not supported by the provisioner but StorageClass ${JSON.stringify(name)} has mount options [${mountOptions.join(' ')}]`;
  if (spec?.volumeMode === 'Block') return `Failed to provision volume with StorageClass ${JSON.stringify(name)}: ${hostPathPlugin} does not support block volume provisioning`;
  return undefined;
}

/** The volume of a new directory, which is the claim's from the beginning. Mirrors hostPathProvisioner of upstream's host_path plug-in. */
export function hostPathVolume(claim: Claim, storageClass: storagev1.StorageClass, directory: string): Volume {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = claim.metadata;
  const { accessModes = [], resources } = claim.spec ?? {};
  const policy = storageClass.reclaimPolicy ?? 'Delete';
  return {
    metadata: {
      name: `pvc-${uid}`,
      annotations: { 'kubernetes.io/createdby': 'hostpath-dynamic-provisioner', [volumeAnnotations.boundByController]: 'yes', [volumeAnnotations.provisionedBy]: hostPathPlugin },
      ...(policy === 'Delete' ? { finalizers: [FINALIZER] } : {}),
    },
    spec: {
      accessModes: accessModes.length === 0 ? ['ReadWriteOnce'] : accessModes,
      capacity: { storage: resources?.requests?.['storage'] ?? '0' },
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion },
      hostPath: { path: directory },
      persistentVolumeReclaimPolicy: policy,
      storageClassName: storageClassOf(claim),
    },
  };
}

/** Whether a volume is of a directory that was made here; upstream removes whatever is below /tmp. */
export function isMadeHere({ metadata: { annotations = {} }, spec }: Volume): boolean {
  const path = spec?.hostPath?.path ?? '';
  return annotations[volumeAnnotations.provisionedBy] === hostPathPlugin && path.startsWith(DIRECTORIES) && /^[\w-]+$/.test(path.slice(DIRECTORIES.length));
}

/** Makes directories on the machine that it runs on, for claims: of use for tests, where nodes share its disk. */
export class HostPathProvisioner {
  readonly #api: ControllerContext['api'];
  readonly #events: EventRecorder;

  constructor({ api }: ControllerContext, events: EventRecorder) {
    this.#api = api;
    this.#events = events;
  }

  async provision(claim: Claim, storageClass: storagev1.StorageClass, signal: AbortSignal): Promise<void> {
    const problem = refusal(claim, storageClass);
    if (problem !== undefined) {
      this.#fail(claim, problem);
      return;
    }
    const directory = `${DIRECTORIES}${randomUUID()}`;
    const volume = hostPathVolume(claim, storageClass, directory);
    const name = volume.metadata.name ?? '';
    if (await this.#exists(name, signal)) return;
    try {
      await mkdir(directory, { recursive: true, mode: 0o750 });
    } catch (error) {
      const { name: className } = storageClass.metadata;
      this.#fail(claim, `Failed to provision volume with StorageClass ${JSON.stringify(className)}: ${messageOf(error)}`);
      return;
    }
    try {
      await this.#api.create(core.persistentvolumes, volume, { signal });
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      this.#fail(claim, `Error creating provisioned PV object for claim ${claim.metadata.namespace ?? ''}/${claim.metadata.name ?? ''}: ${messageOf(error)}. Deleting the volume.`);
      throw error;
    }
    this.#tell(claim, { type: 'Normal', reason: 'ProvisioningSucceeded', message: `Successfully provisioned volume ${name} using ${hostPathPlugin}` });
  }

  /** First the directory, then the volume; says why the directory stays. */
  async delete(volume: Volume, signal: AbortSignal): Promise<Notice | undefined> {
    try {
      await rm(volume.spec?.hostPath?.path ?? '', { recursive: true, force: true });
    } catch (error) {
      return { type: 'Warning', reason: 'VolumeFailedDelete', message: messageOf(error) };
    }
    const { finalizers = [] } = volume.metadata;
    const rest = finalizers.filter((name) => name !== FINALIZER);
    const free = rest.length === finalizers.length ? volume : await this.#api.update(core.persistentvolumes, { ...volume, metadata: { ...volume.metadata, finalizers: rest } }, { signal });
    const { name = '', uid = '' } = free.metadata;
    await this.#api.delete(core.persistentvolumes, { namespace: '', name }, { signal, preconditions: { uid } }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    return undefined;
  }

  #exists(name: string, signal: AbortSignal): Promise<boolean> {
    return this.#api.get(core.persistentvolumes, { namespace: '', name }, { signal }).then(() => true, (error: unknown) => {
      if (isNotFound(error)) return false;
      throw error;
    });
  }

  #fail(claim: Claim, message: string): void {
    this.#tell(claim, { type: 'Warning', reason: 'ProvisioningFailed', message });
  }

  #tell(claim: Claim, { type, reason, message }: Notice): void {
    this.#events.event({ ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }, type, reason, message);
  }
}
