import { isIP } from 'node:net';
import { type CertificateSubject, nameOf } from './certificate-authority';
import { ECDSA, generateKeys, importKeys } from './keys';
import { x509 } from './x509';

/** What a PKCS #10 request asks for. */
export interface RequestedCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
  /** Its subject as far as certificates are made of it, and all its alternative names. */
  readonly subject: x509.Name;
  readonly alternativeNames: readonly x509.JsonGeneralName[];
  /** SPKI, PEM. */
  readonly publicKey: string;
}

/** A new key and the request for its certificate, both PEM. */
export async function createCertificateRequest(subject: CertificateSubject & { readonly hosts?: readonly string[] }): Promise<{ csr: string; key: string }> {
  const { privateKey } = await generateKeys();
  const hosts = subject.hosts ?? [];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: nameOf(subject),
    keys: await importKeys(privateKey),
    signingAlgorithm: ECDSA,
    extensions: hosts.length > 0 ? [new x509.SubjectAlternativeNameExtension(hosts.map((host) => ({ type: isIP(host) ? 'ip' : 'dns', value: host })))] : [],
  });
  return { csr: `${request.toString('pem').trim()}\n`, key: privateKey };
}

/** What of a subject is kept, in Go's order. */
const SUBJECT_FIELDS = ['C', 'O', 'OU', 'L', 'ST', '2.5.4.9', '2.5.4.17'] as const;
const COMMON_NAME = 'CN';
const SERIAL_NUMBER = '2.5.4.5';
const passedOn: ReadonlySet<string> = new Set(['dns', 'ip', 'email', 'url']);

/** A subject as Go's library writes one again: fields that it does not know fall away, and of common names and serial numbers the last counts. */
function knownSubject(name: x509.Name): x509.Name {
  const asText = (value: string): x509.JsonAttributeObject => ({ utf8String: value });
  const many = SUBJECT_FIELDS.map((field): [string, string[]] => [field, name.getField(field)]);
  const single = [COMMON_NAME, SERIAL_NUMBER].map((field): [string, string[]] => [field, name.getField(field).slice(-1)]);
  return new x509.Name([...many, ...single].filter(([, values]) => values.some((value) => value !== '')).map(([field, values]) => ({ [field]: values.map(asText) })));
}

/**
 * Reads a request that came from outside.
 * @throws when it is malformed, or not signed by the key that it wants certified
 */
export async function parseCertificateRequest(csrPem: string): Promise<RequestedCertificate> {
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(csrPem);
  } catch (error) {
    throw new Error('not a certificate request in PEM', { cause: error });
  }
  if (!(await request.verify())) throw new Error('certificate request is not signed by its own key');
  const names = request.extensions.filter((extension) => extension instanceof x509.SubjectAlternativeNameExtension).flatMap((extension) => extension.names.items);
  const ofType = (type: string): string[] => names.filter((name) => name.type === type).map((name) => name.value);
  return {
    // Like Go, the last of several common names counts.
    commonName: request.subjectName.getField('CN').at(-1) ?? '',
    organizations: request.subjectName.getField('O'),
    dnsNames: ofType('dns'),
    ipAddresses: ofType('ip'),
    emailAddresses: ofType('email'),
    uris: ofType('url'),
    subject: knownSubject(request.subjectName),
    alternativeNames: names.filter(({ type }) => passedOn.has(type)).map((name) => name.toJSON()),
    publicKey: `${request.publicKey.toString('pem').trim()}\n`,
  };
}
