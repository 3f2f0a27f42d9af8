import type { LoadedTls, TlsFileNames } from '@navarch/component-base';
import type { TlsMaterialFiles } from '@navarch/rpc';
import type { EtcdTls } from '@navarch/storage';
import { readFile } from 'node:fs/promises';
import type { ReadProxyCertificate } from './aggregation/aggregated-server';
import type { ApiserverConfig } from './config';
import type { Trust } from './http/trust';

/** A certificate counts together with its key, and both with the CA. */
export function etcdFileNames({ etcdCafile: caFile, etcdCertfile: certFile, etcdKeyfile: keyFile }: ApiserverConfig): Partial<TlsFileNames> {
  if (caFile === undefined) return {};
  return certFile === undefined || keyFile === undefined ? { caFile } : { caFile, certFile, keyFile };
}

export function etcdTlsOf({ ca, cert, key }: LoadedTls): EtcdTls | undefined {
  return ca && { ca, ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}

/** Who this server is to aggregated ones, by its files as they are now. */
export function proxyCertificate({ proxyClientCertFile: cert, proxyClientKeyFile: key }: ApiserverConfig): ReadProxyCertificate {
  return async () => (cert === undefined || key === undefined ? undefined : { cert: await readFile(cert), key: await readFile(key) });
}

/** What aggregated servers must know of the front proxy, which this server is to them. */
export function frontProxyFacts(config: ApiserverConfig, { clients, proxies }: Trust): Record<string, string> {
  const users = { 'client-ca-file': clients.pem };
  if (proxies === undefined) return users;
  return {
    ...users, 'requestheader-client-ca-file': proxies.pem,
    'requestheader-allowed-names': JSON.stringify(config.requestheaderAllowedNames), 'requestheader-username-headers': JSON.stringify(config.requestheaderUsernameHeaders),
    'requestheader-uid-headers': JSON.stringify(config.requestheaderUidHeaders), 'requestheader-group-headers': JSON.stringify(config.requestheaderGroupHeaders),
    'requestheader-extra-headers-prefix': JSON.stringify(config.requestheaderExtraHeadersPrefix),
  };
}

/** Who this server is to nodes; undefined where nothing says so. */
export function kubeletFiles({ kubeletClientCertificate: certFile, kubeletClientKey: keyFile, kubeletCertificateAuthority, clientCaFile }: ApiserverConfig): TlsMaterialFiles | undefined {
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile, caFile: kubeletCertificateAuthority ?? clientCaFile };
}
