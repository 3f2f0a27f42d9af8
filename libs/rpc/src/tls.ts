import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { ChannelCredentials, experimental, ServerCredentials, type VerifyOptions } from '@grpc/grpc-js';

/** Mutual TLS by the cluster's CA: what each side proves itself with, and whom it trusts. PEM. */
export interface TlsMaterial {
  readonly ca: string | Buffer;
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/**
 * The same as files, read again every minute, so that renewed certificates need no restart: servers show them to whoever connects
 * from then on, channels connect anew by them.
 */
export interface TlsMaterialFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** How often instead. */
  readonly rereadEveryMs?: number;
}

export type RpcTls = TlsMaterial | TlsMaterialFiles;

const REREAD_EVERY_MS = 60_000;

/** Credentials that demand a client certificate signed by the CA; without `tls`, none at all (Unix sockets, tests). */
export function serverCredentials(tls: RpcTls | undefined): ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  if ('caFile' in tls) {
    const watcher = fileWatcher(tls);
    return experimental.createCertificateProviderServerCredentials(watcher, watcher, true);
  }
  return ServerCredentials.createSsl(buffer(tls.ca), [{ cert_chain: buffer(tls.cert), private_key: buffer(tls.key) }], true);
}

/** What a channel proves itself with: files are watched. */
export type ChannelTls = TlsMaterial | experimental.FileWatcherCertificateProvider;

export function channelTls(tls: RpcTls | undefined): ChannelTls | undefined {
  return tls && 'caFile' in tls ? fileWatcher(tls) : tls;
}

/** Credentials of a client; the server's certificate must bear `host`, a name or an IP address. */
export function channelCredentials(tls: ChannelTls | undefined, host: string): ChannelCredentials {
  if (!tls) return ChannelCredentials.createInsecure();
  // What grpc-js hands over as the name may be the stand-in for an address, see `sniOf`.
  const verify: VerifyOptions = { checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate) };
  if (!('ca' in tls)) return experimental.createCertificateProviderChannelCredentials(tls, tls, verify);
  return ChannelCredentials.createSsl(buffer(tls.ca), buffer(tls.key), buffer(tls.cert), verify);
}

/** The name sent in the TLS handshake. An IP address must not be sent there (RFC 6066), but grpc-js would. */
export function sniOf(host: string): string {
  return isIP(host) ? 'address.invalid' : host;
}

/** The host of `host:port` or `[v6]:port`. */
export function hostOf(address: string): string {
  return address.replace(/^dns:(\/\/\/)?/, '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function fileWatcher(tls: TlsMaterialFiles): experimental.FileWatcherCertificateProvider {
  return new experimental.FileWatcherCertificateProvider({
    caCertificateFile: tls.caFile,
    certificateFile: tls.certFile,
    privateKeyFile: tls.keyFile,
    refreshIntervalMs: tls.rereadEveryMs ?? REREAD_EVERY_MS,
  });
}

function buffer(pem: string | Buffer): Buffer {
  return typeof pem === 'string' ? Buffer.from(pem) : pem;
}
