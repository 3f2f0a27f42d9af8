import { fieldErrors, type FieldPath } from '@navarch/apimachinery';
import type { corev1 } from '../../../gen';
import { type Loose } from '../../../support/loose';
import { dnsLabel, dnsSubdomain, type Findings } from '../../../validation/rules';

/** Most characters of a host's name that Linux takes. */
const maxHostname = 64;

/** What the pod calls itself: parts of a name in the cluster's DNS, or a name that has nothing to do with that. */
export function validateHostNames({ hostname, subdomain, hostnameOverride, setHostnameAsFQDN, hostNetwork }: Loose<corev1.PodSpec>, path: FieldPath, found: Findings): void {
  if (hostname) dnsLabel(hostname, path.child('hostname'), found);
  if (subdomain) dnsLabel(subdomain, path.child('subdomain'), found);
  if (hostnameOverride === undefined) return;
  const at = path.child('hostnameOverride');
  if (setHostnameAsFQDN) found.push(fieldErrors.forbidden(at, 'may not be specified when setHostnameAsFQDN is true'));
  if (hostNetwork) found.push(fieldErrors.forbidden(at, 'may not be specified when hostNetwork is true'));
  if (Buffer.byteLength(hostnameOverride) > maxHostname) found.push(fieldErrors.tooLong(at, maxHostname));
  dnsSubdomain(hostnameOverride, at, found);
}
