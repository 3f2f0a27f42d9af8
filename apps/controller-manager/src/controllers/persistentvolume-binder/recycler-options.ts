import { readFileSync } from 'node:fs';
import type { corev1 } from '@navarch/api';
import { decodeYaml } from '@navarch/apimachinery';
import type { ControllerConfig } from '../../config';
import { defaultRecycler, type RecyclableKind, type RecyclerOptions } from './recycler-pod';

/** How volumes are wiped, by the flags `--pv-recycler-*`. @throws for a file that holds no pod with a volume */
export function recyclerOptions(config: ControllerConfig): Readonly<Record<RecyclableKind, RecyclerOptions>> {
  return {
    hostPath: {
      template: template('HostPath', config.pvRecyclerPodTemplateFilepathHostpath),
      minimumSeconds: config.pvRecyclerMinimumTimeoutHostpath, incrementSeconds: config.pvRecyclerTimeoutIncrementHostpath,
    },
    nfs: {
      template: template('NFS', config.pvRecyclerPodTemplateFilepathNfs),
      minimumSeconds: config.pvRecyclerMinimumTimeoutNfs, incrementSeconds: config.pvRecyclerIncrementTimeoutNfs,
    },
  };
}

function template(kind: string, file: string | undefined): corev1.Pod {
  if (file === undefined) return defaultRecycler;
  try {
    return podIn(readFileSync(file));
  } catch (cause) {
    throw new Error(`could not create ${kind} recycler pod from file ${file}`, { cause });
  }
}

function podIn(body: Buffer): corev1.Pod {
  const { value } = decodeYaml(body);
  const pod = value as unknown as Partial<corev1.Pod> | null;
  if (pod?.kind !== 'Pod') throw new Error('the file holds no Pod');
  if ((pod.spec?.volumes ?? []).length === 0) throw new Error('does not contain any volume(s)');
  return { ...pod, metadata: pod.metadata ?? {} };
}
