import { core, type corev1 } from '@navarch/api';
import { badRequest, notFound } from '@navarch/apimachinery';
import type { nodev1 } from '@navarch/proto';
import type { ObjectReader } from '../pipeline';

/** A pod that somebody wants to talk to, and where it is. */
export interface PodTarget {
  readonly pod: corev1.Pod;
  readonly node: string;
}

/** @throws notFound; `node` is empty while no node has the pod */
export async function findPod(reader: ObjectReader, namespace: string, name: string): Promise<PodTarget> {
  let pod = reader.get(core.pods, namespace, name);
  if (!pod) {
    await reader.refresh();
    pod = reader.get(core.pods, namespace, name);
  }
  if (!pod) throw notFound({ group: '', resource: 'pods' }, name);
  return { pod, node: pod.spec?.nodeName ?? '' };
}

/** The same, for what cannot be done to a pod without a node. @throws badRequest */
export async function findPlacedPod(reader: ObjectReader, namespace: string, name: string): Promise<PodTarget> {
  const target = await findPod(reader, namespace, name);
  if (target.node === '') throw badRequest(`pod ${name} does not have a host assigned`);
  return target;
}

/** Settles which container is meant: the only one, if none is named. @throws badRequest, as upstream words it */
export function containerOf({ pod }: PodTarget, asked: string): string {
  const { name = '' } = pod.metadata;
  const names = (containers: readonly { name?: string }[] | undefined): string[] => (containers ?? []).map((container) => container.name ?? '');
  const containers = names(pod.spec?.containers);
  const init = names(pod.spec?.initContainers);
  const ephemeral = names(pod.spec?.ephemeralContainers);
  if (asked !== '') {
    if (![...containers, ...init, ...ephemeral].includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
    return asked;
  }
  const [only] = containers;
  if (containers.length === 1 && only !== undefined) return only;
  let message = `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]`;
  if (init.length > 0) message += ` or one of the init containers: [${init.join(' ')}]`;
  if (ephemeral.length > 0) message += ` or one of the ephemeral containers: [${ephemeral.join(' ')}]`;
  throw badRequest(message);
}

export function containerKey({ pod }: PodTarget, container: string): nodev1.ContainerKey {
  const { namespace = '', name = '', uid = '' } = pod.metadata;
  return { namespace, pod: name, podUid: uid, container };
}
