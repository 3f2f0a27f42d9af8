import { fieldErrors, FieldPath, immutableMessage } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';
import { semanticEqual } from '../../support/semantic-equal';
import { describeDifference } from '../../validation/describe-difference';
import { contentRules } from '../../validation/kind-validation';
import { type Findings, immutable } from '../../validation/rules';
import { sourcesOf } from './sources';
import { validateVolumeSpec } from './spec';

type Volume = Loose<corev1.PersistentVolume>;

const specPath = FieldPath.of('spec');
function content({ metadata, spec = {} }: Volume): Findings {
  const found: Findings = [];
  validateVolumeSpec(spec, metadata?.name ?? '', specPath, found);
  return found;
}

function change(volume: Volume, old: Volume): Findings {
  const found: Findings = [];
  const [spec, before] = [volume.spec ?? {}, old.spec ?? {}];
  if (!semanticEqual(sourcesOf(spec), sourcesOf(before)))
    found.push(fieldErrors.forbidden(specPath.child('persistentvolumesource'), `spec.persistentvolumesource is immutable after creation\n${describeDifference(sourcesOf(before), sourcesOf(spec))}`));
  immutable(spec.volumeMode, before.volumeMode, specPath.child('volumeMode'), found);
  if (before.nodeAffinity && !semanticEqual(spec.nodeAffinity, before.nodeAffinity))
    found.push(fieldErrors.invalid(specPath.child('nodeAffinity'), spec.nodeAffinity ?? null, `${immutableMessage}, except for updating from beta label to GA`));
  return found;
}

const formerClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

function warnings({ metadata, spec }: Volume): string[] {
  const found: string[] = [];
  if (metadata?.annotations?.[formerClassAnnotation] !== undefined) found.push(`metadata.annotations[${formerClassAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`);
  if (spec?.persistentVolumeReclaimPolicy === 'Recycle')
    found.push('spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.');
  return found;
}

export const persistentVolumeValidation = contentRules<Volume>({ content, change, warnings });
