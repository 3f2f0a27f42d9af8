import { deviceClassOfResource, type corev1, type resourcev1 } from '@navarch/api';
import type { Lookup } from '../state/cluster-objects';
import type { NodeInfo } from '../state/node-info';
import type { PodInfo } from '../state/pod-info';
import { readResources } from '../state/resources';

/** The class whose devices stand for a resource. */
export const classOfResource = (resource: string, classes: Lookup<resourcev1.DeviceClass>): resourcev1.DeviceClass | undefined => deviceClassOfResource(resource, classes.list());

/** Resource by resource, the class whose devices stand for it. */
export type ResourceClasses = ReadonlyMap<string, string>;

/** What of a pod's requests device classes stand for; undefined if nothing, as with nearly every pod. */
export function resourcesOfClasses({ requests: { scalar } }: PodInfo, classes: Lookup<resourcev1.DeviceClass>): ResourceClasses | undefined {
  if (scalar.size === 0) return undefined;
  const found = new Map<string, string>();
  for (const [name, amount] of scalar) {
    const deviceClass = amount > 0 ? classOfResource(name, classes) : undefined;
    if (deviceClass !== undefined) found.set(name, deviceClass.metadata.name ?? '');
  }
  return found.size === 0 ? undefined : found;
}

/** Those of them that a node offers as devices: it has none of them by a device plug-in. */
export function asDevicesOn(node: NodeInfo, resources: ResourceClasses): ResourceClasses {
  return new Map([...resources].filter(([name]) => (node.allocatable.scalar.get(name) ?? 0) === 0));
}

/** The requests of a claim for a pod's extended resources, and which container uses which. */
export interface ExtendedRequests {
  readonly requests: readonly resourcev1.DeviceRequest[];
  readonly mappings: readonly corev1.ContainerExtendedResourceRequest[];
}

interface Position {
  readonly index: number;
  readonly container: corev1.Container;
}

/**
 * As upstream's createRequestsAndMappings: each container that stays has devices of its own. An init container that ends uses those
 * of containers after it first; what such ones need beyond that they use one after the other.
 */
export function deviceRequests(spec: corev1.PodSpec, resources: ResourceClasses): ExtendedRequests {
  const init = spec.initContainers ?? [];
  const positions = [...init, ...spec.containers].map((container, index): Position => ({ index, container }));
  const ends = ({ index, container }: Position): boolean => index < init.length && container.restartPolicy !== 'Always';
  const requests: resourcev1.DeviceRequest[] = [];
  const mappings: corev1.ContainerExtendedResourceRequest[] = [];
  for (const [resource, className] of [...resources].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const staying = positions.filter((position) => !ends(position)).flatMap((position) => own(position, resource, []));
    const ending = positions.filter(ends).flatMap((position) => own(position, resource, staying.filter(({ index }) => index > position.index)));
    const extra = ending.reduce<Own | undefined>((most, next) => (next.count > (most?.count ?? 0) ? next : most), undefined);
    for (const { name, count } of [...(extra === undefined ? [] : [extra]), ...staying]) {
      requests.push({ name, exactly: { deviceClassName: className, allocationMode: 'ExactCount', count } });
    }
    for (const { container, name, count, uses } of [...staying, ...ending]) {
      const used = count === 0 ? uses : [...uses, staying.some((other) => other.name === name) ? name : (extra?.name ?? name)];
      for (const requestName of used) mappings.push({ containerName: container, resourceName: resource, requestName });
    }
  }
  return { requests: requests.sort((a, b) => (a.name < b.name ? -1 : 1)), mappings };
}

/** What one container needs: `count` more than the requests that it uses with others. */
interface Own {
  readonly index: number;
  readonly container: string;
  readonly name: string;
  readonly count: number;
  readonly uses: readonly string[];
}

function own({ index, container }: Position, resource: string, shared: readonly Own[]): Own[] {
  const asked = container.resources?.requests ?? {};
  let count = readResources(asked).scalar.get(resource) ?? 0;
  if (count === 0) return [];
  const uses: string[] = [];
  for (const other of shared) {
    if (count <= 0) break;
    uses.push(other.name);
    count -= other.count;
  }
  return [{ index, container: container.name, name: `container-${index}-request-${Object.keys(asked).sort().indexOf(resource)}`, count: Math.max(count, 0), uses }];
}
