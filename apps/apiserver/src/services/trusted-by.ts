import type { SecureContextOptions } from 'node:tls';

/**
 * Trusts whom a bundle names, as Go's clients do: any certificate of it ends a chain, whether it is a root, an intermediate authority, or
 * the server's own (as `envtest` of controller-runtime gives its webhooks).
 */
export const trustedBy = (bundle: Buffer): Pick<SecureContextOptions, 'allowPartialTrustChain' | 'ca'> => ({ ca: bundle, allowPartialTrustChain: true });
