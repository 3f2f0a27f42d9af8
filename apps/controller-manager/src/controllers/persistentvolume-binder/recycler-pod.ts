import type { corev1 } from '@navarch/api';
import { parseQuantity, quantityValue } from '@navarch/apimachinery';
import { omit } from '../../omit';

type Pod = corev1.Pod;
type Volume = corev1.PersistentVolume;

/** How volumes of a kind are wiped. */
export interface RecyclerOptions {
  readonly template: Pod;
  /** The least time that the pod has, in seconds. */
  readonly minimumSeconds: number;
  /** And for each GiB. */
  readonly incrementSeconds: number;
}

export type RecyclableKind = 'hostPath' | 'nfs';

const PREFIX = 'recycler-for-';
export const recyclerName = (volume: string): string => `${PREFIX}${volume}`;
/** The volume that a pod of this name is to wipe; undefined for other pods. */
export const volumeOfRecycler = (pod: string): string | undefined => (pod.startsWith(PREFIX) ? pod.slice(PREFIX.length) : undefined);

/** Volumes that a pod can wipe. */
export function recyclableKind({ spec }: Volume): RecyclableKind | undefined {
  return spec?.hostPath !== undefined ? 'hostPath' : spec?.nfs !== undefined ? 'nfs' : undefined;
}

/** The pod that wipes volumes unless an administrator has another one; upstream's (pkg/volume/plugins.go). */
export const defaultRecycler: Pod = {
  metadata: { namespace: 'default' },
  spec: {
    restartPolicy: 'Never',
    volumes: [{ name: 'vol' }],
    containers: [{
      name: 'pv-recycler', image: 'registry.k8s.io/build-image/debian-base:bookworm-v1.0.6', command: ['/bin/sh'],
      args: ['-c', 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1'],
      volumeMounts: [{ name: 'vol', mountPath: '/scrub' }],
    }],
  },
};

/** The pod that wipes a volume: the template, with the volume as its first. */
export function recyclerPod(volume: Volume, kind: RecyclableKind, { template, minimumSeconds, incrementSeconds }: RecyclerOptions): Pod {
  const { name = '' } = volume.metadata;
  const { hostPath, nfs, capacity } = volume.spec ?? {};
  const [first = { name: 'vol' }, ...others] = template.spec?.volumes ?? [];
  const source = kind === 'hostPath' ? { hostPath: { path: hostPath?.path ?? '' } } : { nfs: { server: nfs?.server ?? '', path: nfs?.path ?? '' } };
  const gibibytes = quantityValue(parseQuantity(capacity?.['storage'] ?? '0')) / 2n ** 30n;
  const activeDeadlineSeconds = Math.max(minimumSeconds, Number(gibibytes) * incrementSeconds);
  return {
    metadata: { ...omit(template.metadata, 'generateName'), name: recyclerName(name), namespace: template.metadata.namespace ?? 'default' },
    spec: { ...template.spec, containers: template.spec?.containers ?? [], activeDeadlineSeconds, volumes: [{ name: first.name, ...source }, ...others] },
  };
}

/** What becomes of a volume's recycler. */
export type RecyclerPlan =
  | { readonly kind: 'create' }
  /** Somebody else's, or one that a process before this began: whether it wiped the volume nobody knows. */
  | { readonly kind: 'replace' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly message: string };

/** Decides what becomes of a recycler; `own` is the uid of the pod that this process has made for the volume. Mirrors upstream's recycler_client.go. */
export function planRecycler(pod: Pod | undefined, own: string | undefined): RecyclerPlan {
  if (pod === undefined) return own === undefined ? { kind: 'create' } : { kind: 'failed', message: 'recycler pod was deleted' };
  if (pod.metadata.uid !== own) return { kind: 'replace' };
  const { phase, message = '' } = pod.status ?? {};
  if (phase === 'Succeeded') return { kind: 'succeeded' };
  if (phase === 'Failed') return { kind: 'failed', message: message === '' ? 'pod failed, pod.Status.Message unknown' : message };
  return { kind: 'wait' };
}
