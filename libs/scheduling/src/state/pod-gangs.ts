import type { corev1, KubeObject } from '@navarch/api';
import type { ClusterObjects } from './cluster-objects';
import type { PodInfo } from './pod-info';

const gangLabel = 'scheduling.x-k8s.io/pod-group';
const minCountAnnotation = 'scheduling.navarch.io/min-count';

export interface Gang {
  readonly name: string;
  /** Uids of all pods that belong to it and have not ended. */
  readonly members: ReadonlySet<string>;
  /** Unknown while its PodGroup does not exist; a group without the gang policy is none. */
  readonly minCount: number | undefined;
}

/** The name of the group that a pod says it belongs to. */
export function gangOf({ pod }: { readonly pod: KubeObject }): string | undefined {
  return (pod as corev1.Pod).spec?.schedulingGroup?.podGroupName ?? pod.metadata.labels?.[gangLabel];
}

/** Which pods belong together. */
export class PodGangs {
  readonly #members = new Map<string, Set<string>>();
  readonly #keyOf = new Map<string, string>();

  constructor(private readonly objects: Pick<ClusterObjects, 'podGroups'>) {}

  add(pod: corev1.Pod): void {
    const name = gangOf({ pod });
    const { uid = '', namespace = '' } = pod.metadata;
    if (name === undefined || this.#keyOf.has(uid)) return;
    const key = `${namespace}/${name}`;
    this.#keyOf.set(uid, key);
    const members = this.#members.get(key);
    if (members === undefined) this.#members.set(key, new Set([uid]));
    else members.add(uid);
  }

  remove(uid: string): void {
    const key = this.#keyOf.get(uid);
    if (key === undefined) return;
    this.#keyOf.delete(uid);
    const members = this.#members.get(key);
    members?.delete(uid);
    if (members?.size === 0) this.#members.delete(key);
  }

  /** Undefined for a pod that is on its own. */
  of(pod: PodInfo): Gang | undefined {
    const name = gangOf(pod);
    if (name === undefined) return undefined;
    const members = this.#members.get(`${pod.namespace}/${name}`) ?? new Set<string>();
    if (pod.spec.schedulingGroup?.podGroupName === undefined) return { name, members, minCount: Number(pod.pod.metadata.annotations?.[minCountAnnotation] ?? 1) };
    const group = this.objects.podGroups.get({ namespace: pod.namespace, name });
    return { name, members, minCount: group === undefined ? undefined : (group.spec.schedulingPolicy.gang?.minCount ?? 1) };
  }
}
