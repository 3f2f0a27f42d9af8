import { X509Certificate } from 'node:crypto';
import type { certificatesv1 } from '@navarch/api';

type Request = certificatesv1.CertificateSigningRequest;

const HOUR_MS = 3_600_000;
/** How long requests stay: those that somebody decided about, and those that wait. */
const DECIDED_MS = HOUR_MS;
const PENDING_MS = 24 * HOUR_MS;

const has = ({ status }: Request, type: string): boolean => status?.conditions?.some((condition) => condition.type === type && condition.status !== 'False') === true;

export const isDecided = (request: Request): boolean => has(request, 'Approved') || has(request, 'Denied');
/** Approved, not denied as well, and the signer did not give up. */
export const maySign = (request: Request): boolean => has(request, 'Approved') && !has(request, 'Denied') && !has(request, 'Failed') && (request.status?.certificate ?? '') === '';

/** PEM, from the base64 of the API. */
export const requestPem = ({ spec }: Request): string => Buffer.from(spec.request, 'base64').toString('utf8');

/** Whether a request has been here for long enough. */
export function isOutdated(request: Request, nowMs: number): boolean {
  const { metadata, status } = request;
  const certificate = Buffer.from(status?.certificate ?? '', 'base64').toString('utf8');
  const conditions = status?.conditions ?? [];
  const since = (wanted: string): boolean => conditions.some(({ type, lastUpdateTime }) => type === wanted && nowMs - Date.parse(lastUpdateTime ?? '') > DECIDED_MS);
  if (since('Denied') || since('Failed')) return true;
  if (certificate !== '' && (since('Approved') || (has(request, 'Approved') && isExpired(certificate, nowMs)))) return true;
  // Whatever somebody has said of a request, it waits no more.
  return conditions.length === 0 && nowMs - Date.parse(metadata.creationTimestamp ?? '') > PENDING_MS;
}

function isExpired(certificate: string, nowMs: number): boolean {
  try {
    return Date.parse(new X509Certificate(certificate).validTo) < nowMs;
  } catch {
    // Another signer may write what it likes; its age decides then.
    return false;
  }
}
