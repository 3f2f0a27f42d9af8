import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';

/** The label by which a namespace can be selected by name. */
export const namespaceNameLabel = 'kubernetes.io/metadata.name';

export function defaultNamespace(namespace: Loose<corev1.Namespace>): void {
  const metadata = (namespace.metadata ??= {});
  // A generated name is not known yet; the strategy adds the label then.
  if (metadata.name) metadata.labels = { ...metadata.labels, [namespaceNameLabel]: metadata.name };
  namespace.spec ??= {};
  (namespace.status ??= {}).phase ||= 'Active';
}
