import { clusterInfo } from './cluster-info';

describe('the public facts of a cluster', () => {
  const { configMap, role, binding } = clusterInfo('https://10.0.0.1:6443', 'PEM');

  it('are where it is and whom to trust, and no user', () => {
    expect(configMap.metadata).toEqual({ namespace: 'kube-public', name: 'cluster-info' });
    const { kubeconfig = '' } = configMap.data ?? {};
    for (const line of ['apiVersion: v1', 'kind: Config', '    server: https://10.0.0.1:6443', `certificate-authority-data: ${Buffer.from('PEM').toString('base64')}`, 'users: []']) expect(kubeconfig).toContain(line);
  });

  it('may be read by everybody, and nothing else there', () => {
    expect(role.rules).toEqual([{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['cluster-info'] }]);
    expect([binding.metadata.name, binding.roleRef.name]).toEqual([role.metadata.name, role.metadata.name]);
    expect(binding.subjects).toEqual([{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:anonymous' }]);
  });
});
