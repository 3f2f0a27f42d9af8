import { x509 } from './x509';

const { KeyUsageFlags: flags, ExtendedKeyUsage: extended } = x509;

/** Usages of the certificates API that say what a key may do. */
const keyUsages: ReadonlyMap<string, x509.KeyUsageFlags> = new Map([
  ['signing', flags.digitalSignature],
  ['digital signature', flags.digitalSignature],
  ['content commitment', flags.nonRepudiation],
  ['key encipherment', flags.keyEncipherment],
  ['key agreement', flags.keyAgreement],
  ['data encipherment', flags.dataEncipherment],
  ['cert sign', flags.keyCertSign],
  ['crl sign', flags.cRLSign],
  ['encipher only', flags.encipherOnly],
  ['decipher only', flags.decipherOnly],
]);

/** Those that say what a certificate is for, in the order in which certificates name them. */
const extendedUsages: ReadonlyMap<string, string> = new Map<string, string>([
  ['any', '2.5.29.37.0'],
  ['server auth', extended.serverAuth],
  ['client auth', extended.clientAuth],
  ['code signing', extended.codeSigning],
  ['email protection', extended.emailProtection],
  ['s/mime', extended.emailProtection],
  ['ipsec end system', '1.3.6.1.5.5.7.3.5'],
  ['ipsec tunnel', '1.3.6.1.5.5.7.3.6'],
  ['ipsec user', '1.3.6.1.5.5.7.3.7'],
  ['timestamping', extended.timeStamping],
  ['ocsp signing', extended.ocspSigning],
  ['microsoft sgc', '1.3.6.1.4.1.311.10.3.3'],
  ['netscape sgc', '2.16.840.1.113730.4.1'],
]);

/**
 * The extensions of a certificate by its usages in the words of the certificates API; none where nothing of a kind is asked for.
 * @throws when there is no such usage. Mirrors upstream's pkg/controller/certificates/authority/policies.go.
 */
export function usageExtensions(usages: readonly string[]): x509.Extension[] {
  const unknown = usages.filter((usage) => !keyUsages.has(usage) && !extendedUsages.has(usage));
  if (unknown.length > 0) throw new Error(`unrecognized usage values: [${unknown.map((usage) => JSON.stringify(usage)).join(' ')}]`);
  const [first, ...more] = usages.map((usage) => keyUsages.get(usage)).filter((bits) => bits !== undefined);
  const key = first === undefined ? undefined : new x509.KeyUsagesExtension(more.reduce((bits, bit) => bits | bit, first), true);
  const purposes = new Set([...extendedUsages].filter(([usage]) => usages.includes(usage)).map(([, oid]) => oid));
  return [...(key === undefined ? [] : [key]), ...(purposes.size === 0 ? [] : [new x509.ExtendedKeyUsageExtension([...purposes])])];
}
