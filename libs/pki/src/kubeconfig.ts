import { stringify } from 'yaml';
import { type CertifiedKey } from './certificate-authority';

export interface KubeconfigOptions {
  /** Name of cluster, and of context as `user@cluster`. */
  readonly cluster: string;
  readonly user: string;
  /** URL of the apiserver. */
  readonly server: string;
  /** CA certificate, PEM. */
  readonly ca: string;
  /** How the user proves who it is. */
  readonly client: CertifiedKey | { readonly token: string };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Where a cluster is and how it proves that it is that one, for those who have nothing to show yet: kubeadm's, without a user. */
export function anonymousKubeconfig({ server, ca }: Pick<KubeconfigOptions, 'server' | 'ca'>): string {
  return stringify(
    {
      'apiVersion': 'v1',
      'kind': 'Config',
      'clusters': [{ name: '', cluster: { 'certificate-authority-data': base64(ca), server } }],
      'contexts': [],
      'current-context': '',
      'preferences': {},
      'users': [],
    },
    { lineWidth: 0 },
  );
}

/** A self-contained kubeconfig: one cluster, one context, everything embedded. Write it with mode 0600. */
export function kubeconfig({ cluster, user, server, ca, client }: KubeconfigOptions): string {
  const context = `${user}@${cluster}`;
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: cluster, cluster: { 'certificate-authority-data': base64(ca), server } }],
      contexts: [{ name: context, context: { cluster, user } }],
      'current-context': context,
      preferences: {},
      users: [{ name: user, user: 'token' in client ? { token: client.token } : { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) } }],
    },
    { lineWidth: 0 },
  );
}
