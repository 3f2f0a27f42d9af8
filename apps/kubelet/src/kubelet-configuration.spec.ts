import { parseFlags } from '@navarch/component-base';
import { kubeletFlags } from './config';
import { kubeletConfiguration } from './kubelet-configuration';

describe('kubeletConfiguration', () => {
  it('shows flags by the fields and in the units of upstream\'s KubeletConfiguration', () => {
    const config = parseFlags(kubeletFlags, ['--apiserver=127.0.0.1:1', '--certificate-authority=/ca.crt', '--sync-frequency=90s', '--max-pods=50', '--eviction-hard=memory.available<5%,nodefs.available<1Gi', '--eviction-pressure-transition-period=90m', '--pod-manifest-path=/etc/static', '--anonymous-auth', '--pod-max-pids=100', '--kube-reserved=cpu=100m,memory=1Gi'], {});
    expect(kubeletConfiguration(config)).toMatchObject({
      kind: 'KubeletConfiguration',
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      maxPods: 50,
      podPidsLimit: 100,
      evictionHard: { 'memory.available': '5%', 'nodefs.available': '1Gi' },
      evictionSoft: {},
      syncFrequency: '1m30s',
      evictionPressureTransitionPeriod: '1h30m0s',
      runtimeRequestTimeout: '2m0s',
      staticPodPath: '/etc/static',
      nodeStatusUpdateFrequency: '10s',
      authentication: { x509: { clientCAFile: '/ca.crt' }, anonymous: { enabled: true } },
      authorization: { mode: 'Webhook' },
      kubeReserved: { cpu: '100m', memory: '1Gi' },
      healthzPort: 10248,
      shutdownGracePeriod: '0s',
    });
    expect(kubeletConfiguration(config)).not.toHaveProperty('maxParallelImagePulls');
  });
});
