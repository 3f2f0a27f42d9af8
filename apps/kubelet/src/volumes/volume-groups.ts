import { type Logger } from '@navarch/component-base';
import { type ResolvedVolume } from './resolved-volume';

/** What an administrator says of a volume whose files are of a group. */
const groupAnnotation = 'pv.beta.kubernetes.io/gid';

/** Runtimes refuse a container that is to be in a group beyond this one. */
const maxGroup = 2 ** 31 - 1;

/** Groups that the containers of a pod are to be in, because its volumes say that they are theirs. What cannot be a group is passed over, as upstream's kubelet does. */
export function groupsOfVolumes(volumes: Iterable<ResolvedVolume>, log: Pick<Logger, 'warn'>): number[] {
  return [...volumes].flatMap(({ persistentVolume }) => {
    const text = persistentVolume?.metadata.annotations?.[groupAnnotation] ?? '';
    if (text === '') return [];
    const group = /^\d+$/.test(text) ? Number(text) : NaN;
    if (group <= maxGroup) return [group];
    log.warn({ volume: persistentVolume?.metadata.name, group: text }, 'the volume names what cannot be a group');
    return [];
  });
}
