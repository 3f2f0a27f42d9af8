import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { entries, list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Findings } from '../../../validation/rules';
import { descendingPath } from './paths';

// Mirrors ValidatePodSpecificAnnotations and what it calls, of pkg/apis/core/validation/validation.go.

type Annotations = Loose<Record<string, string>> | undefined;
type Spec = Loose<corev1.PodSpec>;

export const mirror = 'kubernetes.io/config.mirror';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
export const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
export const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/';
export const appArmor = 'container.apparmor.security.beta.kubernetes.io/';
const int32 = 2 ** 31;

function validateSeccomp(profile: string, path: FieldPath, found: Findings): void {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return;
  if (profile.startsWith('localhost/')) descendingPath(profile.slice('localhost/'.length), path, found);
  else found.push(fieldErrors.invalid(path, profile, 'must be a valid seccomp profile'));
}

function containerNames(spec: Spec): Set<string | undefined> {
  return new Set([...list(spec.initContainers), ...list(spec.containers), ...list(spec.ephemeralContainers)].map(({ name }) => name));
}

function validateAppArmor(key: string, profile: string, spec: Spec, path: FieldPath, found: Findings): void {
  const container = key.slice(appArmor.length);
  if (!containerNames(spec).has(container)) found.push(fieldErrors.invalid(path.key(key), container, 'container not found'));
  if (profile !== '' && profile !== 'runtime/default' && profile !== 'unconfined' && !profile.startsWith('localhost/'))
    found.push(fieldErrors.invalid(path.key(key), profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`));
}

/** A whole number without a leading zero or plus sign, as its readers want it. */
function isDeletionCost(text: string): boolean {
  const value = Number(text);
  return /^(0|-?[1-9]\d*)$/.test(text) && value >= -int32 && value < int32;
}

/** Annotations of a pod or a template that the system itself reads. */
export function validatePodAnnotations(annotations: Annotations, spec: Spec, path: FieldPath, found: Findings): void {
  for (const [key, value = ''] of entries(annotations)) {
    // A pod that a node runs by itself is shown, not commanded.
    if (key === mirror && !spec.nodeName) found.push(fieldErrors.invalid(path.key(key), value, 'must set spec.nodeName if mirror pod annotation is set'));
    if (key === deletionCost && !isDeletionCost(value)) found.push(fieldErrors.invalid(path.key(key), value, 'must be a 32bit integer'));
    if (key === seccompPod || key.startsWith(seccompContainer)) validateSeccomp(value, path.child(key), found);
    if (key.startsWith(appArmor)) validateAppArmor(key, value, spec, path, found);
  }
}

/** Who a pod is, and how it is confined, was settled when it was made. */
export function validateAnnotationChange(annotations: Annotations, old: Annotations, path: FieldPath, found: Findings): void {
  const guarded = (key: string): string | undefined => (key === mirror ? 'mirror pod annotation' : key.startsWith(appArmor) ? 'AppArmor annotations' : undefined);
  for (const [key, value] of entries(old)) {
    const what = guarded(key);
    if (what !== undefined && annotations?.[key] !== value) found.push(fieldErrors.forbidden(path.key(key), `may not remove or update ${what}`));
  }
  for (const [key] of entries(annotations)) {
    const what = guarded(key);
    if (what !== undefined && old?.[key] === undefined) found.push(fieldErrors.forbidden(path.key(key), `may not add ${what}`));
  }
}
