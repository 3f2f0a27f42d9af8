import type { X509Certificate } from 'node:crypto';
import { certificatesOf } from '../auth/authentication/certificate-bundle';

type Facts = Readonly<Record<string, string>>;

/** Undefined for what is no list of texts. */
function listOf(text: string): readonly string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every((entry) => typeof entry === 'string') ? parsed : undefined;
  } catch {
    // Somebody else's text: it is written anew.
    return undefined;
  }
}

const isValidAt = (nowMs: number) => ({ validTo }: X509Certificate): boolean => Date.parse(validTo) > nowMs;

function bundles(found: string, own: string, nowMs: number): string {
  const pems = [...safely(found), ...certificatesOf(own)].filter(isValidAt(nowMs)).map(String);
  return [...new Set(pems)].join('');
}

function safely(pem: string): X509Certificate[] {
  try {
    return certificatesOf(pem);
  } catch {
    // Somebody has written nonsense: it is replaced.
    return [];
  }
}

/**
 * What is to be said where others have said something already: servers of one cluster may have different files for a while, and
 * what one of them believes all are to believe. As upstream, certificates stay until they expire, names for good
 * (pkg/controlplane/controller/clusterauthenticationtrust).
 */
export function combinedFacts(found: Facts, own: Facts, nowMs: number): Facts {
  const combined = Object.entries(own).map(([key, value]) => {
    const before = found[key];
    if (before === undefined || before === value) return [key, value];
    if (key.endsWith('-ca-file')) return [key, bundles(before, value, nowMs)];
    const [old, now] = [listOf(before), listOf(value)];
    return [key, old && now ? JSON.stringify([...new Set([...old, ...now])]) : value];
  });
  return { ...found, ...(Object.fromEntries(combined) as Facts) };
}
