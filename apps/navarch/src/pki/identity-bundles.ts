import { chmodSync, chownSync, copyFileSync, lchownSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CertificateFiles, PkiFiles } from '@navarch/pki';

const pair = ({ ca, cert, key }: CertificateFiles): string[] => [ca, cert, key];
const component = (name: string) => (files: PkiFiles): string[] => pair(files.component(name));

/** The secrets that each part of a cluster needs, and nothing else: what is stolen from one opens no other. */
const bundles = {
  'etcd': (files: PkiFiles): string[] => pair(files.etcd),
  'nats': (files: PkiFiles): string[] => [...pair(files.nats), files.natsConfig],
  'apiserver': (files: PkiFiles): string[] => [
    ...pair(files.apiserver), ...pair(files.apiserverEtcdClient), ...pair(files.apiserverKubeletClient), ...pair(files.frontProxyClient),
    files.serviceAccountKey, files.serviceAccountPublicKey, files.nats.ca, files.bus.accountSeed,
  ],
  /** Signs the certificates that nodes ask for. */
  'controller-manager': (files: PkiFiles): string[] => [...pair(files.component('controller-manager')), files.ca.cert, files.ca.key, files.serviceAccountKey],
  'scheduler': component('scheduler'),
  'dns': component('dns'),
  'network-agent': component('network-agent'),
  'ingress': component('ingress'),
  'metrics-server': (files: PkiFiles): string[] => [...pair(files.component('metrics-server')), files.frontProxyCa.cert],
  /** A node brings no certificate of its own: its kubelet asks for one with the bootstrap token. */
  'node': (files: PkiFiles): string[] => [files.ca.cert, files.bootstrapKubeconfig, ...pair(files.component('network-agent')), ...pair(files.component('proxy')), ...pair(files.component('local-path'))],
  'admin': (files: PkiFiles): string[] => [...pair(files.admin), files.bootstrapToken],
} as const;

export type BundleName = keyof typeof bundles;
export const bundleNames = Object.keys(bundles) as BundleName[];
export const isBundleName = (name: string): name is BundleName => name in bundles;

/** Makes `directory` hold just the files of the bundle, readable by `owner` (a user id) only. */
export function writeBundle(files: PkiFiles, name: BundleName, directory: string, owner: number): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const wanted = new Set(bundles[name](files));
  const names = new Set([...wanted].map((path) => basename(path)));
  for (const old of readdirSync(directory)) if (!names.has(old)) rmSync(join(directory, old), { recursive: true });
  for (const path of wanted) {
    const target = join(directory, basename(path));
    copyFileSync(path, target);
    chmodSync(target, 0o400);
    chownSync(target, owner, owner);
  }
  chownSync(directory, owner, owner);
}

/** Gives a directory and all that is in it to a user, following no link out of it; itself last, so that one that is its user's is so wholly. */
export function giveTree(directory: string, owner: number): void {
  if (statSync(directory).uid === owner) return;
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) lchownSync(join(directory, name), owner, owner);
  chownSync(directory, owner, owner);
}
