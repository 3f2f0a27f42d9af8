import { X509Certificate } from 'node:crypto';
import type { TlsPeer } from '../../pipeline';

/**
 * Whether one of these authorities has signed a peer's certificate, by itself or by way of those that the peer sent along. The TLS layer
 * has checked all else, when the connection was made: that the certificate is still valid is for the caller to see to, on each request.
 */
export function isIssuedBy({ certificate, intermediates = [] }: TlsPeer, authorities: readonly X509Certificate[]): boolean {
  if (certificate.length === 0) return false;
  return leadsTo(new X509Certificate(certificate), authorities, intermediates.map((one) => new X509Certificate(one)).filter(({ ca }) => ca));
}

function leadsTo(own: X509Certificate, authorities: readonly X509Certificate[], between: readonly X509Certificate[]): boolean {
  const isBy = (issuer: X509Certificate): boolean => own.checkIssued(issuer) && own.verify(issuer.publicKey);
  // Each is used once, so that certificates which have signed each other lead nowhere.
  return authorities.some(isBy) || between.some((issuer) => isBy(issuer) && leadsTo(issuer, authorities, between.filter((other) => other !== issuer)));
}
