import type { corev1, rbacv1 } from '@navarch/api';
import { anonymousKubeconfig } from '@navarch/pki';

const namespace = 'kube-public';
const name = 'cluster-info';
const reader = 'kubeadm:bootstrap-signer-clusterinfo';
const apiGroup = 'rbac.authorization.k8s.io';

/**
 * What a node that has only a token reads before it trusts the cluster: the bootstrap signer signs it with each token. Everybody may
 * read it. Names are kubeadm's, whose join looks for them.
 */
export function clusterInfo(server: string, ca: string): { readonly configMap: corev1.ConfigMap; readonly role: rbacv1.Role; readonly binding: rbacv1.RoleBinding } {
  return {
    configMap: { metadata: { namespace, name }, data: { kubeconfig: anonymousKubeconfig({ server, ca }) } },
    role: { metadata: { namespace, name: reader }, rules: [{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: [name] }] },
    binding: { metadata: { namespace, name: reader }, roleRef: { apiGroup, kind: 'Role', name: reader }, subjects: [{ apiGroup, kind: 'User', name: 'system:anonymous' }] },
  };
}
