import { FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { semanticEqual } from '../../support/semantic-equal';
import { type Loose } from '../../support/loose';
import { type Findings } from '../../validation/rules';
import { placedContainers } from './container-warnings';
import { appArmor } from './validation/annotations';
import { validateAppArmor } from './validation/security';

type Profile = Loose<corev1.AppArmorProfile>;

export const useAppArmorField = 'deprecated since v1.30; use the "appArmorProfile" field instead';

const localhost = 'localhost/';
const annotationsPath = FieldPath.of('metadata', 'annotations');

function profileOf(annotation: string): Profile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  if (!annotation.startsWith(localhost)) return undefined;
  const profile: Profile = { type: 'Localhost', localhostProfile: annotation.slice(localhost.length) };
  const found: Findings = [];
  validateAppArmor(profile, FieldPath.of('appArmorProfile'), found);
  return found.length === 0 ? profile : undefined;
}

/** How the containers of a new pod are confined, where only an annotation says so: nodes read the field. Mirrors applyAppArmorVersionSkew of pkg/registry/core/pod/strategy.go. */
export function readAppArmorAnnotations(spec: Loose<corev1.PodSpec>, annotations: Loose<Record<string, string>>, warn: (text: string) => void): void {
  if (spec.os?.name === 'windows' || !Object.keys(annotations).some((key) => key.startsWith(appArmor))) return;
  const ofPod = spec.securityContext?.appArmorProfile;
  for (const { container } of placedContainers(spec, FieldPath.of('spec'))) {
    const key = appArmor + (container.name ?? '');
    const annotation = annotations[key];
    if (annotation === undefined || container.securityContext?.appArmorProfile) continue;
    const profile = profileOf(annotation);
    // What the pod says as well needs no saying.
    if (profile !== undefined && semanticEqual(profile, ofPod)) continue;
    if (profile !== undefined) container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    warn(`${annotationsPath.key(key).toString()}: ${useAppArmorField}`);
  }
}
