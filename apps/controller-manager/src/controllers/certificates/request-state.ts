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
  const decided = status?.conditions?.map(({ type, lastUpdateTime }) => ({ type, at: Date.parse(lastUpdateTime ?? '') })) ?? [];
  const since = (type: string): boolean => decided.some((one) => one.type === type && nowMs - one.at > DECIDED_MS);
  if (certificate !== '') return since('Approved') || isExpired(certificate, nowMs);
  if (since('Denied') || since('Failed')) return true;
  if (isDecided(request)) return false;
  return nowMs - Date.parse(metadata.creationTimestamp ?? '') > PENDING_MS;
}

function isExpired(certificate: string, nowMs: number): boolean {
  try {
    return Date.parse(new X509Certificate(certificate).validTo) < nowMs;
  } catch {
    // Another signer may write what it likes; its age decides then.
    return false;
  }
}
