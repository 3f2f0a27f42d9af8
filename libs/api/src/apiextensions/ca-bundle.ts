import { X509Certificate } from 'node:crypto';

// Mirrors createErrorParsingCAData of staging/src/k8s.io/client-go/transport.

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\n([^-]*)-----END \1-----/g;
const PREFIX = 'unable to load root certificates: ';

/** Why nobody could be trusted by these certificates, in base64 of PEM; undefined when somebody can, or none are named. */
export function caBundleProblem(base64: string | undefined): string | undefined {
  if (base64 === undefined || base64 === '') return undefined;
  const text = Buffer.from(base64, 'base64').toString('latin1').replace(/\r\n/g, '\n');
  const blocks = [...text.matchAll(BLOCK)];
  // One that can be read is enough; blocks with headers are passed over.
  const readings = blocks.filter(([, kind, body = '']) => kind === 'CERTIFICATE' && !body.includes(':')).map(([block]) => problemOf(block));
  if (readings.includes(undefined)) return undefined;
  return PREFIX + (readings[0] ?? (blocks.length > 0 ? 'no valid certificate authority data seen' : 'unable to parse bytes as PEM block'));
}

function problemOf(block: string): string | undefined {
  try {
    new X509Certificate(block);
    return undefined;
  } catch (error) {
    return `failed to parse certificate: ${(error as Error).message}`;
  }
}
