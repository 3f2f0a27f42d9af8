import type { corev1 } from '@navarch/api';
import { isPodLevelResource } from '@navarch/api';
import { addResources, maxResources, noResources, readResources, setAmount, type Resources } from './resources';

/** A container that asks for nothing still counts this much in scores, as upstream's schedutil says. */
const defaultMilliCpu = 100;
const defaultMemory = 200 * 1024 * 1024;

type Amounts = Readonly<Record<string, string>>;

/** What one container asks for, by one way of looking at it. */
type Asked = (container: corev1.Container) => Amounts | undefined;

/** What a container counts for in scores. */
function scored(asked: Amounts | undefined, requests: Resources): Resources {
  return {
    ...noResources(),
    milliCpu: asked?.['cpu'] === undefined ? defaultMilliCpu : requests.milliCpu,
    memory: asked?.['memory'] === undefined ? defaultMemory : requests.memory,
  };
}

export interface PodRequests {
  readonly requests: Resources;
  /** Only cpu and memory; with defaults for what is not asked. */
  readonly scored: Resources;
}

/**
 * What a pod needs (upstream's resourcehelper.PodRequests): all its containers and sidecars together, or its hungriest init container
 * with the sidecars started before it, whichever is more; what the pod asks for as a whole goes before that; plus the overhead of
 * its runtime class. While a pod is resized in place, the most of what it asks for, was allotted and uses.
 */
export function podRequests(pod: Pick<corev1.Pod, 'spec' | 'status'>): PodRequests {
  const { spec = { containers: [] } } = pod;
  const asked = (container: corev1.Container): Amounts | undefined => container.resources?.requests;
  const views = resizedViews(pod);
  const most = (count: (requests: Resources, amounts: Amounts | undefined) => Resources): Resources => {
    const [first = asked, ...others] = views;
    const total = aggregate(spec, first, count);
    for (const view of others) maxResources(total, aggregate(spec, view, count));
    return total;
  };
  const [requests, forScores] = [most((own) => own), most((own, amounts) => scored(amounts, own))];
  const wholePod = podLevelRequests(pod);
  if (wholePod !== undefined) {
    for (const name of Object.keys(spec.resources?.requests ?? {})) {
      if (!isPodLevelResource(name)) continue;
      setAmount(requests, name, wholePod);
      if (name === 'cpu' || name === 'memory') setAmount(forScores, name, wholePod);
    }
  }
  if (spec.overhead !== undefined) {
    const overhead = readResources(spec.overhead);
    addResources(requests, overhead);
    addResources(forScores, overhead);
  }
  return { requests, scored: forScores };
}

function aggregate(spec: corev1.PodSpec, view: Asked, count: (requests: Resources, amounts: Amounts | undefined) => Resources): Resources {
  const of = (container: corev1.Container): Resources => {
    const amounts = view(container);
    return count(readResources(amounts), amounts);
  };
  const total = noResources();
  for (const container of spec.containers) addResources(total, of(container));
  const sidecars = noResources();
  const peak = noResources();
  for (const container of spec.initContainers ?? []) {
    const needed = of(container);
    if (container.restartPolicy === 'Always') {
      addResources(sidecars, needed);
      maxResources(peak, sidecars);
      continue;
    }
    addResources(needed, sidecars);
    maxResources(peak, needed);
  }
  addResources(total, sidecars);
  maxResources(total, peak);
  return total;
}

/** The kubelet has said that it never can give what the pod asks for now: what it has counts. */
function isResizeInfeasible({ status }: Pick<corev1.Pod, 'status'>): boolean {
  return status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible';
}

const sameAmounts = (a: Amounts = {}, b: Amounts = {}): boolean => Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, amount]) => b[name] === amount);

/** The ways of looking at containers that count while a pod is resized; none for the others, where all say the same. */
function resizedViews(pod: Pick<corev1.Pod, 'spec' | 'status'>): readonly Asked[] {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  if (!statuses.some(({ resources, allocatedResources }) => resources?.requests !== undefined || allocatedResources !== undefined)) return [];
  const byName = new Map(statuses.map((status) => [status.name, status]));
  const infeasible = isResizeInfeasible(pod);
  const spec: Asked = ({ resources }) => resources?.requests;
  const fallback: Asked = (container) => (infeasible ? undefined : spec(container));
  const allotted: Asked = (container) => byName.get(container.name)?.allocatedResources ?? fallback(container);
  const used: Asked = (container) => byName.get(container.name)?.resources?.requests ?? allotted(container);
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  if (containers.every((container) => sameAmounts(allotted(container), spec(container)) && sameAmounts(used(container), spec(container)))) return [];
  return infeasible ? [allotted, used] : [spec, allotted, used];
}

/** What the pod asks for as a whole, without overhead, which its status includes. */
function podLevelRequests(pod: Pick<corev1.Pod, 'spec' | 'status'>): Resources | undefined {
  const { spec, status } = pod;
  const requests = spec?.resources?.requests;
  if (requests === undefined) return undefined;
  const reported = [status?.resources?.requests, status?.allocatedResources].flatMap((amounts) => (amounts === undefined ? [] : [readResources(amounts)]));
  if (reported.length === 0) return readResources(requests);
  const overhead = readResources(spec?.overhead);
  const most = isResizeInfeasible(pod) ? noResources() : readResources(requests);
  for (const amounts of reported) {
    addResources(amounts, overhead, -1);
    maxResources(most, amounts);
  }
  return most;
}
