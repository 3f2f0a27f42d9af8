import { chmod, mkdir } from 'node:fs/promises';
import { type corev1 } from '@navarch/api';
import { isLimited, podTotal } from '../pods/pod-resources';
import { wholeValue } from '../quantities';
import { exists } from './atomic-writer';
import { type Mounter } from './mounter';
import { writeReady } from './ready-file';

/** Scratch space of pods: on the node's disk, in memory or in huge pages. */
export class EmptyDirs {
  constructor(private readonly mounter: Mounter) {}

  /**
   * @param ready a file that is there once the volume is the pod's: a kubelet that was restarted leaves modes and owners as the pod has made them since
   * @param own what else is done to a new one
   */
  async prepare(pod: corev1.Pod, path: string, source: corev1.EmptyDirVolumeSource, allocatable: Readonly<Record<string, string>>, ready: string, own: () => Promise<void>): Promise<void> {
    const { medium = '' } = source;
    if ((await exists(ready)) && (medium === '' ? await exists(path) : await this.#isMounted(path))) return;
    await mkdir(path, { recursive: true });
    if (medium !== '' && !(await this.#isMounted(path))) await this.#mount(pod, path, source, allocatable);
    await chmod(path, 0o777);
    await own();
    await writeReady(ready);
  }

  async #mount(pod: corev1.Pod, path: string, { medium = '', sizeLimit }: corev1.EmptyDirVolumeSource, allocatable: Readonly<Record<string, string>>): Promise<void> {
    if (medium === 'Memory') await this.mounter.tmpfs(path, ['mode=0777', ...memorySize(pod, sizeLimit, allocatable)]);
    else if (medium.startsWith('HugePages')) await this.mounter.mount('hugetlbfs', 'nodev', path, hugePageOptions(pod, medium));
    else throw new Error(`unknown storage medium "${medium}"`);
  }

  async #isMounted(path: string): Promise<boolean> {
    return (await this.mounter.below(path)).includes(path);
  }
}

/** The least of what is asked for, what the pod may use and what the node has: a full tmpfs must not fill the node. */
export function memorySize(pod: corev1.Pod, sizeLimit: string | undefined, allocatable: Readonly<Record<string, string>>): string[] {
  const bounds = [
    wholeValue(sizeLimit),
    isLimited(pod, 'memory') ? podTotal(pod, 'limits', 'memory', wholeValue) : 0,
    wholeValue(allocatable['memory']),
  ].filter((bytes) => bytes > 0);
  return bounds.length === 0 ? [] : [`size=${Math.min(...bounds)}`];
}

/** The page size of the medium's name, or of what the pod asks for when the name gives none. */
export function hugePageOptions(pod: corev1.Pod, medium: string): string[] {
  const requested = (pod.spec?.containers ?? [])
    .flatMap(({ resources }) => Object.keys(resources?.limits ?? {}))
    .filter((name) => name.startsWith('hugepages-'))
    .map((name) => name.slice('hugepages-'.length));
  const sizes = [...new Set(medium === 'HugePages' ? requested : [medium.slice('HugePages-'.length)])];
  const [size] = sizes;
  if (size === undefined) throw new Error('medium HugePages can be used only if the pod asks for huge pages');
  if (sizes.length > 1) throw new Error('medium HugePages can be used only if container requests use only one huge page size');
  return [`pagesize=${wholeValue(size) / 2 ** 20}M`, `size=${podTotal(pod, 'limits', `hugepages-${size}`, wholeValue)}`];
}
