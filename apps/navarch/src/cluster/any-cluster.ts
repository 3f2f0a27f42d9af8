import { PkiFiles, type CertificateFiles } from '@navarch/pki';
import { adminFiles } from './certificates';
import { Layout } from './layout';
import { npmRun } from './npm-run';
import { loadSettings } from './settings';

/** A cluster of this launcher, by its name; or any, by the gRPC address of its apiserver and a directory with the administrator's certificate, as `pki` gives it. */
export type AnyCluster = { readonly name: string } | { readonly apiserver: string; readonly pki: string };

/** Where a cluster's apiserver is reached by gRPC, and who its administrator is. @throws when this launcher has no such cluster */
export function apiserverOf(cluster: AnyCluster): { readonly address: string; readonly files: CertificateFiles } {
  if ('apiserver' in cluster) return { address: cluster.apiserver, files: new PkiFiles(cluster.pki).admin };
  const layout = new Layout(cluster.name);
  const settings = loadSettings(layout.settings);
  if (settings === undefined) throw new Error(`there is no cluster "${cluster.name}": start it with ${npmRun('up', cluster.name)}, or name another by --apiserver and --pki`);
  return { address: `127.0.0.1:${settings.ports.apiserverGrpc}`, files: adminFiles(layout) };
}
