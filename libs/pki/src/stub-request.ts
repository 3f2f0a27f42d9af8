import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { importKeys, signingAlgorithm } from './keys';
import { x509 } from './x509';

const generate = promisify(generateKeyPair);

const RSA_BITS: Readonly<Record<string, number>> = { RSA3072: 3072, RSA4096: 4096 };
const CURVES: Readonly<Record<string, string>> = { ECDSAP256: 'P-256', ECDSAP384: 'P-384', ECDSAP521: 'P-521' };

/** A new key (PKCS #8, PEM) and a PKCS #10 request (DER) that says nothing but whose key it is: its signature proves that the asker has the key. */
export interface StubRequest {
  readonly privateKey: string;
  readonly request: Buffer;
}

/** `keyType`: as a pod's projected certificate names it, such as `ECDSAP256`. @throws Error for one that is not known */
export async function createStubRequest(keyType: string): Promise<StubRequest> {
  const privateKey = (await newKey(keyType)).export({ type: 'pkcs8', format: 'pem' }).toString();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ keys: await importKeys(privateKey), signingAlgorithm: signingAlgorithm(privateKey) });
  return { privateKey, request: Buffer.from(request.rawData) };
}

async function newKey(keyType: string): Promise<KeyObject> {
  const modulusLength = RSA_BITS[keyType];
  if (modulusLength !== undefined) return (await generate('rsa', { modulusLength })).privateKey;
  const namedCurve = CURVES[keyType];
  if (namedCurve !== undefined) return (await generate('ec', { namedCurve })).privateKey;
  if (keyType === 'ED25519') return (await generate('ed25519', undefined)).privateKey;
  throw new Error(`unknown key type "${keyType}"`);
}
