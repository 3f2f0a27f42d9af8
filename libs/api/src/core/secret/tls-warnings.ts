import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

interface PemBlock {
  readonly type: string;
  readonly text: string;
}

const pemBlocks = (text: string): PemBlock[] => [...text.matchAll(/-----BEGIN ([^\r\n]+)-----[\s\S]*?-----END \1-----/g)].map(([block, type = '']) => ({ type, text: block }));

const listed = (blocks: readonly PemBlock[]): string => `[${blocks.map(({ type }) => type).join(' ')}]`;

function noCertificate(skipped: readonly PemBlock[]): string {
  if (skipped.length === 0) return 'tls: failed to find any PEM data in certificate input';
  if (skipped.length === 1 && skipped[0]?.type.endsWith('PRIVATE KEY'))
    return 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  return `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: ${listed(skipped)}`;
}

function noKey(skipped: readonly PemBlock[]): string {
  if (skipped.length === 0) return 'tls: failed to find any PEM data in key input';
  if (skipped.length === 1 && skipped[0]?.type === 'CERTIFICATE') return 'tls: found a certificate rather than a key in the PEM for the private key';
  return `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: ${listed(skipped)}`;
}

/** What OpenSSL makes of a text; undefined for what it cannot read, which may have been written by anybody. */
function read<T>(reader: () => T): T | undefined {
  try {
    return reader();
  } catch {
    return undefined;
  }
}

function mismatch(certificate: X509Certificate, key: KeyObject): string | undefined {
  if (certificate.checkPrivateKey(key)) return undefined;
  return certificate.publicKey.asymmetricKeyType === key.asymmetricKeyType ? 'tls: private key does not match public key' : 'tls: private key type does not match public key type';
}

/** What keeps a certificate and a key from being a pair, in the words of Go's crypto/tls.X509KeyPair; of what cannot be parsed only that. */
export function keyPairProblem(certificates: string, key: string): string | undefined {
  const [first] = pemBlocks(certificates).filter(({ type }) => type === 'CERTIFICATE');
  if (first === undefined) return noCertificate(pemBlocks(certificates));
  const keyBlock = pemBlocks(key).find(({ type }) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY'));
  if (keyBlock === undefined) return noKey(pemBlocks(key));
  const certificate = read(() => new X509Certificate(first.text));
  if (certificate === undefined) return 'x509: malformed certificate';
  const privateKey = read(() => createPrivateKey(keyBlock.text));
  return privateKey === undefined ? 'tls: failed to parse private key' : mismatch(certificate, privateKey);
}
