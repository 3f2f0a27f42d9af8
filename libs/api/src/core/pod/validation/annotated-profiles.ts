import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { type Findings } from '../../../validation/rules';
import { appArmor, seccompContainer, seccompPod } from './annotations';

// Mirrors validateSeccompAnnotationsAndFields and validateAppArmorAnnotationsAndFieldsMatchOnCreate of pkg/apis/core/validation/validation.go.

interface Profile {
  readonly type?: string | undefined;
  readonly localhostProfile?: string | undefined;
}

interface Words {
  readonly what: 'apparmor' | 'seccomp';
  /** What an annotation says for the runtime's own profile. */
  readonly runtimeDefault: readonly string[];
}

const SECCOMP: Words = { what: 'seccomp', runtimeDefault: ['runtime/default', 'docker/default'] };
const APP_ARMOR: Words = { what: 'apparmor', runtimeDefault: ['runtime/default'] };
const LOCALHOST = 'localhost/';

function saysSameType(annotation: string, { type }: Profile, { runtimeDefault }: Words): boolean {
  if (type === 'Unconfined') return annotation === 'unconfined';
  if (type === 'RuntimeDefault') return runtimeDefault.includes(annotation);
  return type !== 'Localhost' || annotation.startsWith(LOCALHOST);
}

function validateMatch(annotation: string | undefined, profile: Profile | undefined, words: Words, path: FieldPath, found: Findings): void {
  if (annotation === undefined || profile === undefined) return;
  if (!saysSameType(annotation, profile, words)) found.push(fieldErrors.forbidden(path.child('type'), `${words.what} type in annotation and field must match`));
  else if (profile.type === 'Localhost' && annotation !== `${LOCALHOST}${profile.localhostProfile ?? ''}`) found.push(fieldErrors.forbidden(path.child('localhostProfile'), `${words.what} profile in annotation and field must match`));
}

/** A new pod, and a template, may say how it is confined in fields and in the annotations that were there before them, if it says the same. */
export function validateAnnotatedProfiles(annotations: Loose<Record<string, string>> | undefined, spec: Loose<corev1.PodSpec>, path: FieldPath, found: Findings): void {
  if (annotations === undefined) return;
  const { securityContext } = spec;
  validateMatch(annotations[seccompPod], securityContext?.seccompProfile, SECCOMP, path.child('securityContext', 'seccompProfile'), found);
  for (const group of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    list(spec[group]).forEach(({ name = '', securityContext: own }, i) => {
      const at = path.child(group).index(i).child('securityContext');
      validateMatch(annotations[seccompContainer + name], own?.seccompProfile, SECCOMP, at.child('seccompProfile'), found);
      if (spec.os?.name !== 'windows') validateMatch(annotations[appArmor + name], own?.appArmorProfile ?? securityContext?.appArmorProfile, APP_ARMOR, at.child('appArmorProfile'), found);
    });
}
