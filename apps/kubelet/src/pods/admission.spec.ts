import { type corev1 } from '@navarch/api';
import { aContainer, aPod } from '../testing/pod-bench';
import { admitNode } from './admit-node';
import { admitPlatform } from './admit-platform';
import { admitPorts } from './admit-pod';
import { admitSysctls } from './admit-sysctls';

describe('admitSysctls', () => {
  it.each([
    ['a safe one', {}, 'net.ipv4.tcp_syncookies', [], undefined],
    ['a safe one with slashes', {}, 'net/ipv4/tcp_syncookies', [], undefined],
    ['an unsafe one', {}, 'kernel.msgmax', [], 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted'],
    ['an unsafe one that is allowed', {}, 'kernel.msgmax', ['kernel.msg*'], undefined],
    ['one of the host\'s network', { hostNetwork: true }, 'net.ipv4.tcp_syncookies', [], 'Pod was rejected: forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host net enabled'],
    ['one of the host\'s ipc', { hostIPC: true }, 'kernel.shm_rmid_forced', [], 'Pod was rejected: forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host ipc enabled'],
  ])('judges %s', (_what, spec, name, allowed, message) => {
    expect(admitSysctls(aPod({ ...spec, securityContext: { sysctls: [{ name, value: '1' }] } }), allowed)?.message).toBe(message);
  });
});

describe('admitPlatform', () => {
  const linux = { os: 'linux', appArmor: false };
  const none = { supplementalGroupsPolicy: false };

  it('refuses another operating system', () => {
    expect(admitPlatform(aPod({ os: { name: 'windows' } }), linux, none)?.reason).toBe('PodOSNotSupported');
    expect(admitPlatform(aPod({ nodeSelector: { 'kubernetes.io/os': 'windows' } }), linux, none)?.reason).toBe('PodOSSelectorNodeLabelDoesNotMatch');
    expect(admitPlatform(aPod({ os: { name: 'linux' } }), linux, none)).toBeUndefined();
  });

  it('refuses AppArmor profiles where the kernel has none', () => {
    const pod = aPod({ containers: [aContainer('main', { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } })] });
    expect(admitPlatform(pod, linux, none)).toEqual({ reason: 'AppArmor', message: 'Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host' });
    expect(admitPlatform(pod, { ...linux, appArmor: true }, none)).toBeUndefined();
    expect(admitPlatform(aPod({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }), linux, none)).toBeUndefined();
  });

  it('refuses strict groups where the runtime does not know them', () => {
    const pod = aPod({ securityContext: { supplementalGroupsPolicy: 'Strict' } });
    expect(admitPlatform(pod, linux, none)).toEqual({ reason: 'SupplementalGroupsPolicyNotSupported', message: 'Pod was rejected: SupplementalGroupsPolicy=Strict is not supported in this node' });
    expect(admitPlatform(pod, linux, { supplementalGroupsPolicy: true })).toBeUndefined();
  });
});

describe('admitNode', () => {
  const node = { name: 'node-1', labels: { disk: 'ssd' }, taints: [{ key: 'broken', value: '3', effect: 'NoExecute' }, { key: 'full', effect: 'NoSchedule' }] };
  const tolerations = [{ key: 'broken', operator: 'Exists' }];
  const affinity = (value: string): corev1.Affinity => ({ nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: [value] }] }] } } });
  const refused = (predicate: string, why: string) => ({ reason: predicate, message: `Pod was rejected: Predicate ${predicate} failed: ${why}` });
  const elsewhere = refused('NodeAffinity', 'node(s) didn\'t match Pod\'s node affinity/selector');

  it.each<[string, Partial<corev1.PodSpec>, unknown]>([
    ['one that tolerates it', { tolerations }, undefined],
    ['one that tolerates so much of it', { tolerations: [{ key: 'broken', operator: 'Lt', value: '4' }] }, undefined],
    ['one that wants such a node', { tolerations, nodeSelector: { disk: 'ssd' }, affinity: affinity('ssd') }, undefined],
    ['one that selects another', { tolerations, nodeSelector: { disk: 'hdd' } }, elsewhere],
    ['one that is drawn to another', { tolerations, affinity: affinity('hdd') }, elsewhere],
    ['one that is meant for another', { tolerations, nodeName: 'node-2' }, refused('NodeName', 'node(s) didn\'t match the requested node name')],
    ['one that does not tolerate it', {}, refused('TaintToleration', 'node(s) had taints that the pod didn\'t tolerate')],
  ])('judges %s', (_what, spec, rejection) => expect(admitNode(aPod(spec), node)).toEqual(rejection));

  it('lets static pods in whatever the taints', () => expect(admitNode(aPod({}, { annotations: { 'kubernetes.io/config.source': 'file' } }), node)).toBeUndefined());
});

describe('admitPorts', () => {
  const using = (hostPort: number, more: Partial<corev1.ContainerPort> = {}): corev1.Pod => aPod({ containers: [aContainer('main', { ports: [{ containerPort: 80, hostPort, ...more }] })] });

  it.each<[string, corev1.Pod, corev1.Pod, boolean]>([
    ['the same', using(80), using(80), false],
    ['another', using(80), using(81), true],
    ['another protocol\'s', using(53), using(53, { protocol: 'UDP' }), true],
    ['another address\'s', using(80, { hostIP: '192.0.2.1' }), using(80, { hostIP: '192.0.2.2' }), true],
    ['one address\'s, where it is wanted on all', using(80, { hostIP: '192.0.2.1' }), using(80, { hostIP: '0.0.0.0' }), false],
    ['a sidecar\'s', using(80), aPod({ initContainers: [aContainer('side', { restartPolicy: 'Always', ports: [{ containerPort: 80, hostPort: 80 }] })] }), false],
    ['an init container\'s, which is gone when others begin', using(80), aPod({ initContainers: [aContainer('init', { ports: [{ containerPort: 80, hostPort: 80 }] })] }), true],
  ])('a port that is %s', (_what, pod, other, admitted) => {
    expect(admitPorts(pod, [other])?.reason).toBe(admitted ? undefined : 'NodePorts');
  });
});
