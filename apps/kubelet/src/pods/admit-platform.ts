import { existsSync } from 'node:fs';
import { type corev1 } from '@navarch/api';
import { type RuntimeFeatures } from '../runtime/runtime-state';
import { type Rejection } from './admit-pod';
import { allContainersOf } from './pod-spec';

/** What of a pod's wishes depends on the machine. */
export interface Platform {
  readonly os: string;
  readonly appArmor: boolean;
}

export function inspectPlatform(): Platform {
  return { os: 'linux', appArmor: existsSync('/sys/kernel/security/apparmor/profiles') };
}

/** Refuses a pod that asks for another operating system, or for what this kernel or this runtime has not. */
export function admitPlatform(pod: corev1.Pod, { os, appArmor }: Platform, runtime: Pick<RuntimeFeatures, 'supplementalGroupsPolicy'>): Rejection | undefined {
  const wanted = pod.spec?.os?.name;
  if (wanted !== undefined && wanted !== os) return { reason: 'PodOSNotSupported', message: 'Pod was rejected: Failed to admit pod as the OS field doesn\'t match node OS' };
  const selected = pod.spec?.nodeSelector?.['kubernetes.io/os'];
  if (selected !== undefined && selected !== os) {
    return {
      reason: 'PodOSSelectorNodeLabelDoesNotMatch',
      message: "Pod was rejected: Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    };
  }
  const groups = pod.spec?.securityContext?.supplementalGroupsPolicy;
  if (groups === 'Strict' && runtime.supplementalGroupsPolicy !== true) {
    return { reason: 'SupplementalGroupsPolicyNotSupported', message: `Pod was rejected: SupplementalGroupsPolicy=${groups} is not supported in this node` };
  }
  const profiles = [pod.spec?.securityContext?.appArmorProfile, ...allContainersOf(pod).map(({ securityContext }) => securityContext?.appArmorProfile)];
  const confined = profiles.some((profile) => profile !== undefined && profile.type !== 'Unconfined');
  if (confined && !appArmor) return { reason: 'AppArmor', message: 'Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host' };
  return undefined;
}
