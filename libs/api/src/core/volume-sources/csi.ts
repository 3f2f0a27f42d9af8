import { dns1123SubdomainMessages, fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../gen';
import { type Loose } from '../../support/loose';
import { dnsLabel, dnsSubdomain, type Findings, present, refuse } from '../../validation/rules';

const maxDriverName = 63;

/** What a CSI driver is called, wherever it is named. Mirrors ValidateCSIDriverName. */
export function validateDriverName(name = '', path: FieldPath, found: Findings): void {
  if (!present(name, path, found)) return;
  if (name.length > maxDriverName) found.push(fieldErrors.tooLong(path, maxDriverName));
  refuse(dns1123SubdomainMessages(name.toLowerCase()), name, path, found);
}

/** A volume that a driver makes with the pod. */
export function validateInlineCsi({ driver, nodePublishSecretRef: secret }: Loose<corev1.CSIVolumeSource>, path: FieldPath, found: Findings): void {
  validateDriverName(driver, path.child('driver'), found);
  // A bad name is reported beside the reference, as upstream does.
  if (secret && present(secret.name, path.child('nodePublishSecretRef', 'name'), found)) dnsSubdomain(secret.name, path.child('name'), found);
}

const secretFields = ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const;

/** A volume that a driver has made. */
export function validatePersistentCsi(source: Loose<corev1.CSIPersistentVolumeSource>, path: FieldPath, found: Findings): void {
  validateDriverName(source.driver, path.child('driver'), found);
  present(source.volumeHandle, path.child('volumeHandle'), found);
  for (const field of secretFields) {
    const secret = source[field];
    if (!secret) continue;
    const at = path.child(field);
    if (present(secret.name, at.child('name'), found)) dnsSubdomain(secret.name, at.child('name'), found);
    if (present(secret.namespace, at.child('namespace'), found)) dnsLabel(secret.namespace, at.child('namespace'), found);
  }
}
