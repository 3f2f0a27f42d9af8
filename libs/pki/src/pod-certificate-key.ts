import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { isSignedBy } from './check-certificate-request';
import { x509 } from './x509';

/** The parts of a PodCertificateRequest that say whose key it is, in base64. */
export interface PodCertificateKey {
  readonly podUID: string;
  readonly stubPKCS10Request?: string | undefined;
  readonly pkixPublicKey?: string | undefined;
  readonly proofOfPossession?: string | undefined;
}

/** What is wrong with one of them; without a value it is not repeated. */
export interface PodCertificateKeyFault {
  readonly field: 'stubPKCS10Request' | 'pkixPublicKey' | 'proofOfPossession';
  readonly value?: string;
  readonly detail: string;
}

const curves: Readonly<Record<string, string>> = { secp224r1: 'P-224', prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
const noProof = 'could not verify proof-of-possession signature';

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

function spkiKey(der: Uint8Array): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
    const { namedCurve } = key.asymmetricKeyDetails ?? {};
    // Others Go does not know.
    return namedCurve === undefined || Object.hasOwn(curves, namedCurve) ? key : undefined;
  } catch {
    // Upstream says of all such keys the same.
    return undefined;
  }
}

function requestOf(base64: string): x509.Pkcs10CertificateRequest | undefined {
  try {
    return new x509.Pkcs10CertificateRequest(bytesOf(base64));
  } catch {
    // Whatever the parser says of it.
    return undefined;
  }
}

const keyOf = ({ publicKey }: x509.Pkcs10CertificateRequest): KeyObject | undefined => spkiKey(new Uint8Array(publicKey.rawData));

/** Kinds of keys that pods may have certificates of. */
function weakness({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Pick<PodCertificateKeyFault, 'value' | 'detail'> | undefined {
  switch (asymmetricKeyType) {
    case 'ed25519':
      return undefined;
    case 'ec': {
      const curve = curves[asymmetricKeyDetails?.namedCurve ?? ''] ?? '';
      return curve === 'P-224' ? { value: `curve ${curve}`, detail: 'elliptic public keys must use curve P256 or P384' } : undefined;
    }
    case 'rsa': {
      const bits = Math.ceil((asymmetricKeyDetails?.modulusLength ?? 0) / 8) * 8;
      return bits === 3072 || bits === 4096 ? undefined : { value: `${bits}-bit modulus`, detail: 'RSA keys must have modulus size 3072 or 4096' };
    }
    default:
      return { detail: 'unknown public key type; supported types are Ed25519, ECDSA, and RSA' };
  }
}

function proves(key: KeyObject, podUid: string, signature: Buffer): boolean {
  const said = Buffer.from(podUid);
  if (key.asymmetricKeyType === 'rsa') return verify('sha256', said, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }, signature);
  return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', said, key, signature);
}

/** The key that a request is for, as far as it can be read. */
export function podCertificateKey({ stubPKCS10Request = '', pkixPublicKey = '' }: Omit<PodCertificateKey, 'podUID'>): KeyObject | undefined {
  if (stubPKCS10Request === '') return spkiKey(bytesOf(pkixPublicKey));
  const request = requestOf(stubPKCS10Request);
  return request && keyOf(request);
}

/** Why a pod gets no certificate of this key: it is of a kind that is not taken, or nothing proves that the asker has it. Mirrors ValidatePodCertificateRequestCreate of upstream's pkg/apis/certificates/validation. */
export function podCertificateKeyFault(asked: PodCertificateKey): PodCertificateKeyFault | undefined {
  const { podUID, stubPKCS10Request = '', pkixPublicKey = '', proofOfPossession = '' } = asked;
  const field = stubPKCS10Request === '' ? 'pkixPublicKey' : 'stubPKCS10Request';
  const value = stubPKCS10Request || pkixPublicKey;
  const request = stubPKCS10Request === '' ? undefined : requestOf(stubPKCS10Request);
  if (stubPKCS10Request !== '' && request === undefined) return { field, value, detail: 'must be a valid PKCS#10 CSR' };
  const key = request ? keyOf(request) : spkiKey(bytesOf(pkixPublicKey));
  if (key === undefined) return { field, value, detail: 'must be a valid PKIX-serialized public key' };
  const weak = weakness(key);
  if (weak) return { field, value, ...weak };
  if (request) return isSignedBy(request, key) ? undefined : { field, detail: noProof };
  return proves(key, podUID, bytesOf(proofOfPossession)) ? undefined : { field: 'proofOfPossession', detail: noProof };
}
