import { type corev1 } from '@navarch/api';
import { goQuote } from '@navarch/apimachinery';

/** What the downward API can show besides the pod itself. */
export interface PodAddresses {
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
}

/** The value of a `fieldRef`; throws for a path that does not exist. */
export function fieldRefValue(pod: corev1.Pod, path: string, addresses: PodAddresses): string {
  const subscript = /^metadata\.(annotations|labels)\['(.*)'\]$/.exec(path);
  if (subscript) return pod.metadata[subscript[1] === 'labels' ? 'labels' : 'annotations']?.[subscript[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name': return pod.metadata.name ?? '';
    case 'metadata.namespace': return pod.metadata.namespace ?? '';
    case 'metadata.uid': return pod.metadata.uid ?? '';
    case 'metadata.annotations': return formatMap(pod.metadata.annotations);
    case 'metadata.labels': return formatMap(pod.metadata.labels);
    case 'spec.nodeName': return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName': return pod.spec?.serviceAccountName ?? '';
    case 'status.hostIP': return addresses.hostIPs[0] ?? '';
    case 'status.hostIPs': return addresses.hostIPs.join(',');
    case 'status.podIP': return addresses.podIPs[0] ?? '';
    case 'status.podIPs': return addresses.podIPs.join(',');
    default: throw new Error(`unsupported fieldPath: ${path}`);
  }
}

/** `key="value"` lines sorted by key, as files of the downward API hold them. */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${goQuote(value)}`).join('\n');
}
