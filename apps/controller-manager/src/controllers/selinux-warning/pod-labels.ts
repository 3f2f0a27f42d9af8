import type { corev1 } from '@navarch/api';

type Pod = corev1.Pod;
type Options = corev1.SELinuxOptions;

/** How a pod wants a volume labelled: by its mount, or file by file. */
export interface VolumeLabel {
  /** Empty where none is asked for, or files are labelled one by one. */
  readonly label: string;
  readonly changePolicy: string;
}

const RECURSIVE = 'Recursive';
const MOUNT_OPTION = 'MountOption';

/** What is asked for, and no more: what a node's system puts in the place of what is missing, nobody but the node knows. */
function textOf({ user = '', role = '', type = '', level = '' }: Options): string {
  const parts = [user, role, type, level];
  return parts.every((part) => part === '') ? '' : parts.join(':');
}

const mounts = ({ volumeMounts }: corev1.Container, volume: string): boolean => volumeMounts?.some(({ name }) => name === volume) === true;

/** Whether any container of a pod mounts a volume: as a device it is not labelled. */
export function isMounted({ spec }: Pod, volume: string): boolean {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].some((container) => mounts(container, volume));
}

/** The labels that a pod's containers ask for a volume; several when they do not agree. */
function labelsOf({ spec }: Pod, volume: string): ReadonlySet<string> {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return new Set(containers.filter((container) => mounts(container, volume)).flatMap(({ securityContext }) => {
    const options = securityContext?.seLinuxOptions ?? spec?.securityContext?.seLinuxOptions;
    return options === undefined ? [] : [textOf(options)];
  }));
}

/** How a pod wants a volume labelled; undefined when its containers want different things. Mirrors GetMountSELinuxLabel of upstream's volume helpers. */
export function volumeLabel(pod: Pod, volume: string, canMountWithLabel: boolean): VolumeLabel | undefined {
  const asked = pod.spec?.securityContext?.seLinuxChangePolicy ?? MOUNT_OPTION;
  if (!canMountWithLabel || asked === RECURSIVE) return { label: '', changePolicy: RECURSIVE };
  const labels = labelsOf(pod, volume);
  if (labels.size > 1) return undefined;
  const [label = ''] = labels;
  return { label, changePolicy: label === '' ? RECURSIVE : asked };
}

/** Whether two labels cannot be one: a part that is not asked for agrees with any, as a node has something to put there. For a level it has not: none is another than any. */
export function labelsConflict(a: string, b: string): boolean {
  const parts = (text: string): string[] => {
    const [user = '', role = '', type = '', ...level] = text.split(':');
    return [user, role, type, level.join(':')];
  };
  const others = parts(b);
  const isLevel = (index: number): boolean => index === 3;
  return parts(a).some((part, index) => part !== others[index] && (isLevel(index) || (part !== '' && others[index] !== '')));
}
