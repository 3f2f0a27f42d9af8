import { labelsConflict, type VolumeLabel } from './pod-labels';

/** Something in which two pods that use a volume differ; it is the first of them that is told. */
export interface Conflict {
  readonly property: 'SELinuxChangePolicy' | 'SELinuxLabel';
  readonly pod: string;
  readonly value: string;
  readonly otherPod: string;
  readonly otherValue: string;
}

interface Volume {
  readonly driver: string;
  readonly pods: Map<string, VolumeLabel>;
}

function differences(pod: string, own: VolumeLabel, otherPod: string, other: VolumeLabel): Conflict[] {
  return [
    ...(own.changePolicy === other.changePolicy ? [] : [{ property: 'SELinuxChangePolicy' as const, pod, value: own.changePolicy, otherPod, otherValue: other.changePolicy }]),
    ...(labelsConflict(own.label, other.label) ? [{ property: 'SELinuxLabel' as const, pod, value: own.label, otherPod, otherValue: other.label }] : []),
  ];
}

/** Who uses which volume under which label. Pods are `namespace/name`. Mirrors upstream's selinuxwarning/cache. */
export class VolumeUsers {
  readonly #volumes = new Map<string, Volume>();

  /** Notes a use; tells of the conflicts that it makes, in both directions. A use that is noted already makes none anew. */
  use(volume: string, driver: string, pod: string, label: VolumeLabel): Conflict[] {
    const found = this.#volumes.get(volume) ?? { driver, pods: new Map<string, VolumeLabel>() };
    this.#volumes.set(volume, found);
    const before = found.pods.get(pod);
    if (before?.label === label.label && before.changePolicy === label.changePolicy) return [];
    found.pods.set(pod, label);
    return [...found.pods].filter(([other]) => other !== pod).flatMap(([other, its]) => [...differences(pod, label, other, its), ...differences(other, its, pod, label)]);
  }

  /** A pod uses nothing any more. */
  remove(pod: string): void {
    for (const [name, { pods }] of this.#volumes) {
      pods.delete(pod);
      if (pods.size === 0) this.#volumes.delete(name);
    }
  }

  podsOfDriver(driver: string): string[] {
    return [...new Set([...this.#volumes.values()].filter((volume) => volume.driver === driver).flatMap(({ pods }) => [...pods.keys()]))];
  }

  /** All that there are now. */
  conflicts(): Conflict[] {
    return [...this.#volumes.values()].flatMap(({ pods }) => {
      const all = [...pods];
      return all.flatMap(([pod, own]) => all.filter(([other]) => other !== pod).flatMap(([other, its]) => differences(pod, own, other, its)));
    });
  }
}

/** In upstream's words. */
export function conflictMessage({ property, value, otherPod, otherValue }: Conflict): string {
  const [, name = otherPod] = otherPod.split('/');
  const told = `${property} ${JSON.stringify(value)} conflicts with pod ${name} that uses the same volume as this pod with ${property} ${JSON.stringify(otherValue)}.`;
  return `${told} If both pods land on the same node, only one of them may access the volume.`;
}
