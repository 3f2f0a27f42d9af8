import { envVarNameMessages, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { list } from '../../../support/list';
import { type Loose } from '../../../support/loose';
import { dnsLabel, dnsSubdomain, type Findings, present, refuse } from '../../../validation/rules';
import { environmentFields, validateFieldRef, validateKeyRef, validateResourceFieldRef } from './field-selectors';
import { noBacksteps } from './paths';

const oneSource = 'may not have more than one field specified at a time';

/** A variable out of a file that an init container wrote. */
function validateFileKeyRef({ key, volumeName, path: file }: Loose<corev1.FileKeySelector>, path: FieldPath, found: Findings): void {
  if (present(key, path.child('key'), found)) refuse(envVarNameMessages(key), key, path.child('key'), found);
  if (present(volumeName, path.child('volumeName'), found)) dnsLabel(volumeName, path.child('volumeName'), found);
  if (present(file, path.child('path'), found)) noBacksteps(file, path.child('path'), found);
}

type Env = readonly Loose<corev1.EnvVar>[] | undefined;

/** Such files lie in volumes of the pod that are made with it. */
export function validateFileVolumes(volumes: readonly Loose<corev1.Volume>[] | undefined, env: Env, path: FieldPath, found: Findings): void {
  if (!list(env).some(({ valueFrom }) => valueFrom?.fileKeyRef)) return;
  // Of several of one name the last one counts.
  const byName = new Map(list(volumes).map((volume) => [volume.name, volume]));
  list(env).forEach(({ valueFrom }, i) => {
    if (!valueFrom?.fileKeyRef) return;
    const { volumeName = '' } = valueFrom.fileKeyRef;
    const at = path.index(i).child('valueFrom', 'fileKeyRef', 'volumeName');
    const volume = byName.get(volumeName);
    if (volume === undefined) found.push(fieldErrors.notFound(at, volumeName));
    else if (!volume.emptyDir) found.push(fieldErrors.invalid(at, volumeName, 'referenced volume must be of type emptyDir'));
  });
}

function validateValueFrom({ value, valueFrom }: Loose<corev1.EnvVar>, path: FieldPath, found: Findings): void {
  if (!valueFrom) return;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom;
  if (fieldRef) validateFieldRef(fieldRef, environmentFields, path.child('fieldRef'), found);
  if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, false, path.child('resourceFieldRef'), found);
  if (configMapKeyRef) validateKeyRef(configMapKeyRef, path.child('configMapKeyRef'), found);
  if (secretKeyRef) validateKeyRef(secretKeyRef, path.child('secretKeyRef'), found);
  if (fileKeyRef) validateFileKeyRef(fileKeyRef, path.child('fileKeyRef'), found);
  const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length;
  if (sources === 0)
    found.push(fieldErrors.invalid(path, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'));
  if (value) {
    if (sources !== 0) found.push(fieldErrors.invalid(path, '', 'may not be specified when `value` is not empty'));
  } else if (sources > 1) found.push(fieldErrors.invalid(path, '', oneSource));
}

export function validateEnv(variables: Env, path: FieldPath, found: Findings): void {
  list(variables).forEach((variable, i) => {
    const at = path.index(i);
    if (present(variable.name, at.child('name'), found)) refuse(envVarNameMessages(variable.name), variable.name, at.child('name'), found);
    validateValueFrom(variable, at.child('valueFrom'), found);
  });
}

export function validateEnvFrom(sources: readonly Loose<corev1.EnvFromSource>[] | undefined, path: FieldPath, found: Findings): void {
  list(sources).forEach(({ prefix, configMapRef, secretRef }, i) => {
    const at = path.index(i);
    if (prefix) refuse(envVarNameMessages(prefix), prefix, at.child('prefix'), found);
    if (configMapRef && present(configMapRef.name, at.child('configMapRef', 'name'), found)) dnsSubdomain(configMapRef.name, at.child('configMapRef', 'name'), found);
    if (secretRef && present(secretRef.name, at.child('secretRef', 'name'), found)) dnsSubdomain(secretRef.name, at.child('secretRef', 'name'), found);
    if (!configMapRef && !secretRef) found.push(fieldErrors.invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (configMapRef && secretRef) found.push(fieldErrors.invalid(path, '', oneSource));
  });
}
