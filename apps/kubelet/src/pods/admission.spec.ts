import { aContainer, aPod } from '../testing/pod-bench';
import { admitPlatform } from './admit-platform';
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

  it('refuses another operating system', () => {
    expect(admitPlatform(aPod({ os: { name: 'windows' } }), linux)?.reason).toBe('PodOSNotSupported');
    expect(admitPlatform(aPod({ nodeSelector: { 'kubernetes.io/os': 'windows' } }), linux)?.reason).toBe('PodOSSelectorNodeLabelDoesNotMatch');
    expect(admitPlatform(aPod({ os: { name: 'linux' } }), linux)).toBeUndefined();
  });

  it('refuses AppArmor profiles where the kernel has none', () => {
    const pod = aPod({ containers: [aContainer('main', { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } })] });
    expect(admitPlatform(pod, linux)).toEqual({ reason: 'AppArmor', message: 'Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host' });
    expect(admitPlatform(pod, { ...linux, appArmor: true })).toBeUndefined();
    expect(admitPlatform(aPod({ securityContext: { appArmorProfile: { type: 'Unconfined' } } }), linux)).toBeUndefined();
  });
});
