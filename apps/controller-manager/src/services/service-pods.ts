import type { corev1, KubeObject } from '@navarch/api';
import { equalJson, type JsonValue } from '@navarch/apimachinery';
import type { Controller, ObjectSource } from '@navarch/reconcile';

/** Pods by namespace and each of their labels. */
export const byLabel = {
  label: ({ metadata }: KubeObject): readonly string[] => Object.entries(metadata.labels ?? {}).map(([name, value]) => labelKey(metadata.namespace ?? '', name, value)),
};

const labelKey = (namespace: string, name: string, value: string): string => `${namespace}/${name}=${value}`;

const selects = (selector: Readonly<Record<string, string>>, { metadata: { labels = {} } }: KubeObject): boolean => Object.entries(selector).every(([name, value]) => labels[name] === value);

/** The pods that a Service leads to, ready or not. A Service without selector has none. */
export function podsOfService(pods: ObjectSource<corev1.Pod>, { metadata, spec }: corev1.Service): corev1.Pod[] {
  const selector = spec?.selector ?? {};
  const first = Object.entries(selector)[0];
  // An empty selector selects nothing here.
  if (first === undefined) return [];
  return pods.byIndex('label', labelKey(metadata.namespace ?? '', ...first)).filter((pod) => selects(selector, pod));
}

/** Whether the controllers of endpoints care for this Service. */
export function hasManagedEndpoints({ spec }: corev1.Service): boolean {
  return spec?.type !== 'ExternalName' && Object.keys(spec?.selector ?? {}).length > 0;
}

/** The number of the pod's port that a Service's port leads to; undefined when the pod has none of that name. */
export function findPort(pod: corev1.Pod, port: corev1.ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  const sidecars = pod.spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always') ?? [];
  for (const { ports } of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = ports?.find(({ name, protocol = 'TCP' }) => name === target && protocol === (port.protocol ?? 'TCP'));
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

/** Has an address and is not over. */
export function canBeEndpoint({ status }: corev1.Pod): boolean {
  return podIps(status).length > 0 && status?.phase !== 'Failed' && status?.phase !== 'Succeeded';
}

export function podIps(status: corev1.PodStatus | undefined): string[] {
  const ips = (status?.podIPs ?? []).map(({ ip }) => ip).filter((ip) => ip !== '');
  return ips.length > 0 ? ips : [status?.podIP ?? ''].filter((ip) => ip !== '');
}

/** The name under which a headless Service publishes a pod, if it does. */
export function hostnameIn(service: corev1.Service, { metadata, spec }: corev1.Pod): string | undefined {
  const isNamed = (spec?.hostname ?? '') !== '' && spec?.subdomain === service.metadata.name && metadata.namespace === service.metadata.namespace;
  return isNamed ? spec?.hostname : undefined;
}

/** How a Service's endpoints refer to their pod. */
export function podReference({ metadata }: corev1.Pod): corev1.ObjectReference {
  return { kind: 'Pod', namespace: metadata.namespace ?? '', name: metadata.name ?? '', uid: metadata.uid ?? '' };
}

/** Wakes the Services that a pod belongs to, or belonged to before its labels changed. */
export function wakeServicesOfPods(pods: ObjectSource<corev1.Pod>, services: ObjectSource<corev1.Service>, controller: Controller): () => void {
  const wake = (...states: corev1.Pod[]): void => {
    for (const service of services.list(states[0]?.metadata.namespace)) {
      const selector = service.spec?.selector ?? {};
      if (Object.keys(selector).length > 0 && states.some((pod) => selects(selector, pod))) controller.enqueueObject(service);
    }
  };
  return pods.addHandler({
    onAdd: wake,
    onDelete: wake,
    onUpdate: (previous, pod) => {
      if (!equalJson(endpointFacts(previous), endpointFacts(pod))) wake(pod, previous);
    },
  });
}

/** All of a pod that endpoints can depend on. */
function endpointFacts({ metadata, spec, status }: corev1.Pod): JsonValue {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  const { labels, deletionTimestamp } = metadata;
  return [
    labels ?? null, deletionTimestamp !== undefined, spec?.nodeName ?? null, spec?.hostname ?? null, spec?.subdomain ?? null,
    status?.phase ?? null, status?.podIP ?? null, (status?.podIPs ?? null) as unknown as JsonValue, ready ?? null,
  ];
}
