import { dns1123SubdomainMessages } from '@navarch/apimachinery';

/** What is wrong with the name of a ClusterTrustBundle: one of a signer begins with the signer's name. */
export function trustBundleNameMessages(name: string, signerName: string): string[] {
  if (signerName === '') return name.includes(':') ? ['ClusterTrustBundle without signer name must not have ":" in its name'] : dns1123SubdomainMessages(name);
  const prefix = `${signerName.replaceAll('/', ':')}:`;
  if (!name.startsWith(prefix)) return [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`];
  return dns1123SubdomainMessages(name.slice(prefix.length));
}

/** The signer that a name tells of; empty for a bundle of nobody's. */
export function signerOfTrustBundle(name: string): string {
  const end = name.lastIndexOf(':');
  return end < 0 ? '' : name.slice(0, end).replaceAll(':', '/');
}
