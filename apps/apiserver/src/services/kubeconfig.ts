import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { trustedBy } from './trusted-by';

/** A file as kubectl has one, by the fields that calls of this server heed. */
export interface Kubeconfig {
  readonly clusters?: readonly { readonly name: string; readonly cluster: KubeconfigCluster }[];
  readonly users?: readonly { readonly name: string; readonly user: KubeconfigUser }[];
  readonly contexts?: readonly { readonly name: string; readonly context: { readonly cluster: string; readonly user?: string } }[];
  readonly 'current-context'?: string;
}

export interface KubeconfigCluster {
  readonly server?: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
}

export interface KubeconfigUser {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
}

/** What the server trusts the caller by, and the caller the server. */
export interface Proofs {
  readonly authorization: string | undefined;
  /** Agents keep the connections of each certificate apart: those of one that has been renewed since are not used. */
  readonly tls: Pick<RequestOptions, 'allowPartialTrustChain' | 'ca' | 'cert' | 'checkServerIdentity' | 'key' | 'servername'>;
}

/** @throws for a file that cannot be read */
export const readKubeconfig = async (file: string): Promise<Kubeconfig> => ((parse(await readFile(file, 'utf8')) as Kubeconfig | null) ?? {});

/** Read for every call: what is in files is changed there. Paths are seen from the directory of the kubeconfig. @throws for files that are not there */
export async function proofsOf(user: KubeconfigUser, directory: string, cluster: KubeconfigCluster = {}): Promise<Proofs> {
  const [tls, authorization] = await Promise.all([certificatesOf(user, directory, cluster), authorizationOf(user, directory)]);
  return { tls, authorization };
}

/** @throws for files that are not there */
export async function certificatesOf(user: KubeconfigUser, directory: string, cluster: KubeconfigCluster = {}): Promise<Proofs['tls']> {
  const read = async (path: string | undefined, data: string | undefined): Promise<Buffer | undefined> =>
    data !== undefined ? Buffer.from(data, 'base64') : path === undefined ? undefined : readFile(resolve(directory, path));
  const [ca, cert, key] = await Promise.all([
    read(cluster['certificate-authority'], cluster['certificate-authority-data']),
    read(user['client-certificate'], user['client-certificate-data']),
    read(user['client-key'], user['client-key-data']),
  ]);
  return { ...(ca ? trustedBy(ca) : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}

/** A token in a file goes before one that is written out. */
async function authorizationOf({ token, tokenFile, username, password = '' }: KubeconfigUser, directory: string): Promise<string | undefined> {
  if (tokenFile !== undefined) return `Bearer ${(await readFile(resolve(directory, tokenFile), 'utf8')).trim()}`;
  if (token !== undefined) return `Bearer ${token}`;
  return username === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
