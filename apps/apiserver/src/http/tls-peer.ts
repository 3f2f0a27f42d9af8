import type { TLSSocket } from 'node:tls';
import type { TlsPeer } from '../pipeline';

/** Who the client certificate of a connection says it is; undefined without one, or with one that no client CA signed. */
export function tlsPeerOf(socket: TLSSocket): TlsPeer | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate();
  // Without a certificate Node answers an empty object, which its types do not say.
  const { subject, raw } = certificate as Partial<typeof certificate>;
  if (!subject || !raw) return undefined;
  // Several values of one attribute come as a list.
  const names = [subject.CN ?? []].flat();
  return { commonName: names.at(-1) ?? '', organizations: [subject.O ?? []].flat(), certificate: raw };
}
