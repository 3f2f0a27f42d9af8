import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { pemBlocks } from './pem-blocks';
import { x509 } from './x509';

const FAILURES: Readonly<Record<string, string>> = { ec: 'x509: ECDSA verification failure', rsa: 'crypto/rsa: verification error', ed25519: 'x509: Ed25519 verification failure' };

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What of a SEQUENCE in DER comes first, with its header. */
function firstElement(der: Buffer): Buffer {
  const lengthAt = (at: number): { start: number; length: number } => {
    const first = der[at] ?? 0;
    if (first < 0x80) return { start: at + 1, length: first };
    return { start: at + 1 + (first & 0x7f), length: der.readUIntBE(at + 1, first & 0x7f) };
  };
  const { start } = lengthAt(1);
  const inner = lengthAt(start + 1);
  return der.subarray(start, inner.start + inner.length);
}

const hashOf = ({ signatureAlgorithm }: x509.Pkcs10CertificateRequest): string | undefined => (signatureAlgorithm as { hash?: { name: string } }).hash?.name;

/** Whether a request has the signature of a key. SHA-1 will do, as for Go's library: of requests, unlike certificates, a forged one gains nothing. */
export function isSignedBy(request: x509.Pkcs10CertificateRequest, key: KeyObject): boolean {
  return verify(hashOf(request)?.replace('-', '').toLowerCase() ?? null, firstElement(Buffer.from(request.rawData)), key, Buffer.from(request.signature));
}

/**
 * Why a certificate request from outside is none: not in PEM, no PKCS #10, or not signed by the key that it wants certified; undefined if it is one.
 * Mirrors validateCSR of upstream's pkg/apis/certificates/validation.
 */
export function certificateRequestFault(pem: string): string | undefined {
  const [{ type, body } = { type: '', body: '' }] = pemBlocks(pem);
  if (type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST';
  try {
    // Headers of a block end with an empty line.
    const der = Buffer.from(body.split(/\r?\n\r?\n/).at(-1) ?? '', 'base64');
    const request = new x509.Pkcs10CertificateRequest(der);
    const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
    return isSignedBy(request, key) ? undefined : FAILURES[key.asymmetricKeyType ?? ''] ?? 'x509: verification failure';
  } catch (error) {
    return `asn1: structure error: ${messageOf(error)}`;
  }
}

/** Why what a signer has answered is no chain of certificates; mirrors validateCertificate there. */
export function certificateChainFault(pem: string): string | undefined {
  const blocks = pemBlocks(pem);
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  for (const { text, type, body } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (body.includes(':')) return 'no PEM block headers are permitted';
    if (body.trim() === '') return 'found CERTIFICATE PEM block containing 0 certificates';
    try {
      new X509Certificate(text);
    } catch (error) {
      return `x509: malformed certificate: ${messageOf(error)}`;
    }
  }
  return undefined;
}

/** Why one entry of a bundle is no trust anchor; undefined if it is one. */
function trustAnchorFault(type: string, body: string): string | undefined {
  if (type !== 'CERTIFICATE') return `has bad block type: ${type}`;
  if (body.includes(':')) return 'has PEM block headers';
  try {
    // Lines may be indented, which a parser of PEM would not take.
    return new X509Certificate(Buffer.from(body, 'base64')).ca ? undefined : 'does not have the CA bit set';
  } catch {
    // Whatever the parser says of it: upstream says no more than this either.
    return 'does not parse as X.509';
  }
}

/** What is wrong with trust anchors in PEM; mirrors validateTrustBundle there. */
export function trustBundleFaults(pem: string): string[] {
  const faults: string[] = [];
  const places = new Map<string, number[]>();
  pemBlocks(pem).forEach(({ type, body }, i) => {
    const fault = trustAnchorFault(type, body);
    if (fault !== undefined) {
      faults.push(`entry ${i} ${fault}`);
      return;
    }
    const same = body.replace(/\s+/g, '');
    places.set(same, [...(places.get(same) ?? []), i]);
  });
  // If something was there, what is wrong with it has been said.
  if (faults.length > 0) return faults;
  if (places.size === 0) return ['at least one trust anchor must be provided'];
  return [...places.values()].filter((all) => all.length > 1).map((all) => `duplicate trust anchor (indices [${all.join(' ')}])`);
}
