import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { pemBlocks } from './pem-blocks';
import { x509 } from './x509';

export interface PodCertificateAnswer {
  readonly chain: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly maxExpirationSeconds: number;
  /** What was asked for. */
  readonly key: KeyObject | undefined;
  readonly nowMs: number;
}

/** What is wrong with one field of the answer. */
export interface PodCertificateAnswerFault {
  readonly field: 'certificateChain' | 'notBefore' | 'notAfter';
  readonly value: string | number;
  readonly detail: string;
}

const nearMs = 5 * 60_000;
const shortestMs = 3_600_000;
const nanosecondsInMs = 1_000_000;

/** A certificate in DER, by the parser of Node and the one that tells more. */
function parsed(body: string): x509.X509Certificate | undefined {
  const der = Buffer.from(body, 'base64');
  try {
    new X509Certificate(der);
    return new x509.X509Certificate(der);
  } catch {
    // What is wrong with it upstream does not say either.
    return undefined;
  }
}

function* nameFaults(leaf: x509.X509Certificate): Generator<PodCertificateAnswerFault> {
  const names = leaf.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  for (const { type, value } of names) {
    const fault = (detail: string): PodCertificateAnswerFault => ({ field: 'certificateChain', value, detail });
    if (type === 'dns' && value === '') yield fault('leaf certificate should not contain empty DNSName');
    if (type === 'dns' && value.includes('..')) yield fault("leaf certificate's DNSName should not contain '..'");
    if (type === 'dns' && (value.startsWith('.') || value.endsWith('.'))) yield fault("leaf certificate's DNSName should not start or end with '.'");
    if (type === 'email' && !/^[^\s@<>]+@[^\s@<>]+$/.test(value)) yield fault('leaf certificate should not contain invalid EmailAddress');
  }
}

function* leafFaults(leaf: x509.X509Certificate, answer: PodCertificateAnswer): Generator<PodCertificateAnswerFault> {
  const { chain, key, nowMs, maxExpirationSeconds } = answer;
  if (key && !createPublicKey({ key: Buffer.from(leaf.publicKey.rawData), format: 'der', type: 'spki' }).equals(key))
    yield { field: 'certificateChain', value: chain, detail: 'leaf certificate was not issued to the requested public key' };
  const [from, to] = [leaf.notBefore.getTime(), leaf.notAfter.getTime()];
  if (Date.parse(answer.notBefore) !== from) yield { field: 'notBefore', value: answer.notBefore, detail: 'must be set to the NotBefore time encoded in the leaf certificate' };
  if (Math.abs(from - nowMs) >= nearMs) yield { field: 'notBefore', value: answer.notBefore, detail: "must be set to within 5 minutes of kube-apiserver's current time" };
  if (Date.parse(answer.notAfter) !== to) yield { field: 'notAfter', value: answer.notAfter, detail: 'must be set to the NotAfter time encoded in the leaf certificate' };
  const lifetime = (to - from) * nanosecondsInMs;
  if (to - from < shortestMs) yield { field: 'certificateChain', value: lifetime, detail: 'leaf certificate lifetime must be >= 1 hour' };
  if (to - from > maxExpirationSeconds * 1000) yield { field: 'certificateChain', value: lifetime, detail: `leaf certificate lifetime must be <= spec.maxExpirationSeconds (${maxExpirationSeconds})` };
}

/** Why certificates are no answer to a PodCertificateRequest: what is wrong with all names of the leaf, or else the first fault. Mirrors ValidatePodCertificateRequestStatusUpdate of upstream's pkg/apis/certificates/validation. */
export function podCertificateAnswerFaults(answer: PodCertificateAnswer): PodCertificateAnswerFault[] {
  const { chain } = answer;
  const fault = (detail: string): PodCertificateAnswerFault => ({ field: 'certificateChain', value: chain, detail });
  const [first, ...rest] = pemBlocks(chain);
  if (!first) return [fault('issued certificate chain must contain at least one certificate')];
  if (first.type !== 'CERTIFICATE') return [fault('issued certificate chain must consist entirely of CERTIFICATE PEM blocks')];
  const leaf = parsed(first.body);
  if (!leaf) return [fault('leaf certificate does not parse as valid X.509')];
  const names = [...nameFaults(leaf)];
  if (names.length > 0) return names;
  for (const wrong of leafFaults(leaf, answer)) return [wrong];
  for (const { type, body } of rest) {
    if (type !== 'CERTIFICATE') return [fault('issued certificate chain must consist entirely of CERTFICATE PEM blocks')];
    if (!parsed(body)) return [fault('intermediate certificate does not parse as valid X.509')];
  }
  return [];
}
