import { createHash, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { TlsPeer } from '../pipeline';

/** A chain is longer only where somebody means harm. */
const LONGEST_CHAIN = 8;
const MOST_CHAINS = 4096;

/**
 * What clients sent along with their certificates. A resumed session brings the client's own certificate only, so what its first
 * handshake brought is remembered: sessions are resumed by the process that began them, as only it knows the keys of its tickets.
 */
const chains = new Map<string, readonly Buffer[]>();

/** Who the client certificate of a connection says it is; undefined without one, or with one that no client CA signed. */
export function tlsPeerOf(socket: TLSSocket): TlsPeer | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate();
  // Without a certificate Node answers an empty object, which its types do not say.
  const { subject, raw } = certificate as Partial<typeof certificate>;
  if (!subject || !raw) return undefined;
  // Several values of one attribute come as a list.
  const names = [subject.CN ?? []].flat();
  const intermediates = intermediatesOf(socket, raw);
  return { commonName: names.at(-1) ?? '', organizations: [subject.O ?? []].flat(), certificate: raw, ...(intermediates.length === 0 ? {} : { intermediates }) };
}

function intermediatesOf(socket: TLSSocket, own: Buffer): readonly Buffer[] {
  const sent: Buffer[] = [];
  let issuer: X509Certificate | undefined = socket.getPeerX509Certificate()?.issuerCertificate;
  // One that has signed itself is an authority, which is believed or not.
  while (issuer && !issuer.checkIssued(issuer) && sent.length < LONGEST_CHAIN) {
    sent.push(issuer.raw);
    issuer = issuer.issuerCertificate;
  }
  const key = (): string => createHash('sha256').update(own).digest('base64');
  if (sent.length === 0) return socket.isSessionReused() && chains.size > 0 ? (chains.get(key()) ?? []) : [];
  if (chains.size >= MOST_CHAINS) chains.delete(chains.keys().next().value ?? '');
  chains.set(key(), sent);
  return sent;
}
