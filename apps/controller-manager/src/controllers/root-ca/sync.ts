import type { corev1 } from '@navarch/api';

export const ROOT_CA_NAME = 'kube-root-ca.crt';
const DESCRIPTION = 'kubernetes.io/description';
const TEXT =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

export type RootCaAction = { readonly kind: 'create' | 'update'; readonly configMap: corev1.ConfigMap };

/** Decides what a namespace's ConfigMap must become; undefined when it is so already. */
export function planRootCa(namespace: string, bundle: string, current: corev1.ConfigMap | undefined): RootCaAction | undefined {
  const data = { 'ca.crt': bundle };
  if (current === undefined) return { kind: 'create', configMap: { metadata: { name: ROOT_CA_NAME, namespace, annotations: { [DESCRIPTION]: TEXT } }, data } };
  const sameData = Object.keys(current.data ?? {}).length === 1 && current.data?.['ca.crt'] === bundle;
  if (sameData && (current.metadata.annotations?.[DESCRIPTION] ?? '') !== '') return undefined;
  return { kind: 'update', configMap: { ...current, metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, [DESCRIPTION]: TEXT } }, data } };
}
