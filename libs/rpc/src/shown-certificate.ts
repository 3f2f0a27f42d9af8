import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type experimental } from '@grpc/grpc-js';

/**
 * Tells each time that files hold another certificate than before. Servers know nobody by one that has expired, on old connections
 * neither: what was connected by it is to connect anew before. What is returned ends the watching.
 */
export function onOtherCertificate(files: experimental.CertificateProvider, tell: () => void): () => void {
  let shown: Buffer | undefined;
  const look = (update: experimental.IdentityCertificateUpdate | null): void => {
    if (!update || !isPair(update)) return;
    const isOther = shown !== undefined && !shown.equals(update.certificate);
    shown = update.certificate;
    if (isOther) tell();
  };
  files.addIdentityCertificateListener(look);
  return () => files.removeIdentityCertificateListener(look);
}

/** Whoever writes them writes one after the other: nobody can connect by what is read in between. */
function isPair({ certificate, privateKey }: experimental.IdentityCertificateUpdate): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey));
  } catch {
    // Half a file: it is read again.
    return false;
  }
}
