import { type corev1 } from '@navarch/api';
import { aContainer, aPod } from '../testing/pod-bench';
import { sandboxConfig } from './sandbox-config';
import { sandboxResources } from './sandbox-resources';

const configOf = (spec: Partial<corev1.PodSpec>): ReturnType<typeof sandboxConfig> => {
  const pod = aPod(spec);
  return sandboxConfig({
    pod,
    attempt: 0,
    hostname: 'web',
    dns: { servers: [], searches: [], options: [] },
    logDirectory: '/logs',
    cgroupParent: '',
    seccompRoot: '/seccomp',
    resources: sandboxResources(pod, { cpuQuota: true, killsGroups: false }),
  });
};

it('names kernel parameters by dots, however the pod writes them', () => {
  const sysctls = [{ name: 'kernel/shm_rmid_forced', value: '1' }, { name: 'net/ipv4/conf/eth0.1/rp_filter', value: '0' }, { name: 'net.ipv4.tcp_syncookies', value: '1' }];
  expect(configOf({ securityContext: { sysctls } }).linux?.sysctls).toEqual({ 'kernel.shm_rmid_forced': '1', 'net.ipv4.conf.eth0/1.rp_filter': '0', 'net.ipv4.tcp_syncookies': '1' });
});

it('maps ports of the node for containers that stay', () => {
  const container = (name: string, hostPort: number, more: Partial<corev1.Container> = {}): corev1.Container => aContainer(name, { ports: [{ containerPort: 80, hostPort }], ...more });
  const { portMappings } = configOf({ initContainers: [container('init', 8080), container('side', 8081, { restartPolicy: 'Always' })], containers: [container('main', 8082)] });
  expect(portMappings.map(({ hostPort }) => hostPort)).toEqual([8081, 8082]);
});
