import { volumeAnnotations, type corev1 } from '@navarch/api';

type Volume = corev1.PersistentVolume;

/** The plug-ins that upstream's controller-manager has, by the kind of volume that each serves. */
const PLUGINS = { hostPath: 'kubernetes.io/host-path', nfs: 'kubernetes.io/nfs', local: 'kubernetes.io/local-volume', csi: 'kubernetes.io/csi' } as const;
const NAMES: readonly string[] = Object.values(PLUGINS);

export const hostPathPlugin = PLUGINS.hostPath;

/** The plug-in of a volume's kind; undefined where upstream's controller-manager knows none. */
export function pluginOf({ spec = {} }: Volume): string | undefined {
  const kind = (Object.keys(PLUGINS) as (keyof typeof PLUGINS)[]).find((name) => spec[name] !== undefined);
  return kind === undefined ? undefined : PLUGINS[kind];
}

/** Names that nobody but Kubernetes itself may provision under. */
export const isBuiltIn = (provisioner: string): boolean => provisioner.startsWith('kubernetes.io/');

/** Why nothing is provisioned under the name of a plug-in, in upstream's words; undefined where somebody else is asked to. Whether directories are made is for the caller to know. */
export function provisioningProblem(provisioner: string): string | undefined {
  if (!isBuiltIn(provisioner)) return undefined;
  if (provisioner === PLUGINS.hostPath) return `Failed to create provisioner: provisioning in volume plugin ${JSON.stringify(provisioner)} is disabled`;
  return NAMES.includes(provisioner) ? 'no provisionable volume plugin matched' : `no volume plugin matched name: ${provisioner}`;
}

/** The plug-in that deletes, or why none can; neither where somebody else does. */
export interface Deleter {
  readonly plugin?: string;
  readonly problem?: string;
}

/** Who deletes the data of a volume. Mirrors findDeletablePlugin of upstream's pv_controller.go. */
export function deleterOf(volume: Volume): Deleter {
  const { name = '', annotations = {} } = volume.metadata;
  const provisioner = annotations[volumeAnnotations.provisionedBy] ?? '';
  if (provisioner !== '') {
    if (!isBuiltIn(provisioner)) return {};
    if (provisioner === PLUGINS.hostPath) return { plugin: provisioner };
    return { problem: NAMES.includes(provisioner) ? 'no deletable volume plugin matched' : `no volume plugin matched name: ${provisioner}` };
  }
  const plugin = pluginOf(volume);
  if (annotations[volumeAnnotations.migratedTo] !== undefined || plugin === PLUGINS.csi) return {};
  if (plugin === PLUGINS.hostPath) return { plugin };
  return { problem: `error getting deleter volume plugin for volume ${JSON.stringify(name)}: ${plugin === undefined ? 'no volume plugin matched' : 'no deletable volume plugin matched'}` };
}

/** Why a volume's data stays though it should be deleted; undefined where somebody else deletes it. */
export function deletionProblem(volume: Volume): string | undefined {
  const { plugin, problem } = deleterOf(volume);
  if (plugin === undefined) return problem;
  const path = volume.spec?.hostPath?.path;
  if (path === undefined) return `failed to create deleter for volume ${JSON.stringify(volume.metadata.name)}: spec.PersistentVolumeSource.HostPath is nil`;
  // Upstream removes such directories of the machine that its controller-manager happens to run on; here nobody does.
  return /\/tmp\/./.test(path)
    ? `error getting deleter volume plugin for volume ${JSON.stringify(volume.metadata.name)}: no deletable volume plugin matched`
    : `host_path deleter only supports /tmp/.+ but received provided ${path}`;
}
