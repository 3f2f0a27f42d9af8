import { readFileSync } from 'node:fs';
import { core, rbac, type KubeObject, type ResourceType } from '@navarch/api';
import { isAlreadyExists } from '@navarch/apimachinery';
import { ClusterConnection } from '@navarch/client';
import { systemClock } from '@navarch/clock';
import { PkiFiles } from '@navarch/pki';
import { clusterInfo } from '../cluster/cluster-info';

const joiners = 'system:bootstrappers:navarch:node';
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const retryMs = 1_000;
const withinMs = 300_000;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The Secret that makes a token valid for signing in, for good: the compose cluster's nodes come and go. */
export function tokenSecret(token: string): KubeObject {
  const [id = '', secret = ''] = token.split('.');
  return {
    metadata: { namespace: 'kube-system', name: `bootstrap-token-${id}` },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(Object.entries({
      'token-id': id, 'token-secret': secret, 'usage-bootstrap-authentication': 'true', 'usage-bootstrap-signing': 'true',
      'auth-extra-groups': joiners, 'description': 'joins nodes to this cluster',
    }).map(([name, value]) => [name, base64(value)])),
  } as KubeObject;
}

/** Who joins may ask for a node's certificate and gets it; a node may renew its own. As kubeadm sets it up. */
function joinBindings(): KubeObject[] {
  const binding = (name: string, role: string, subject: string, kind: 'Group' | 'User' = 'Group'): KubeObject => ({
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind, name: subject }],
  } as KubeObject);
  return [
    binding('navarch:kubelet-bootstrap', 'system:node-bootstrapper', joiners),
    binding('navarch:node-autoapprove-bootstrap', 'system:certificates.k8s.io:certificatesigningrequests:nodeclient', joiners),
    binding('navarch:node-autoapprove-serving', 'navarch:selfnodeserver', 'system:nodes'),
    binding('navarch:kubelet-serving-approver', 'navarch:kubelet-serving-approver', 'system:kube-controller-manager', 'User'),
    binding('navarch:node-autoapprove-certificate-rotation', 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', 'system:nodes'),
  ];
}

/** Lets a node have the certificate approved that it serves with, under its own names; and the controller that looks at it approve it. */
function servingRoles(): KubeObject[] {
  const role = (name: string, rule: object): KubeObject => ({ metadata: { name }, rules: [rule] } as KubeObject);
  return [
    role('navarch:selfnodeserver', { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/selfnodeserver'], verbs: ['create'] }),
    role('navarch:kubelet-serving-approver', { apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames: ['kubernetes.io/kubelet-serving'], verbs: ['approve'] }),
  ];
}

export interface BootstrapTarget {
  /** gRPC address of the apiserver. */
  readonly apiserver: string;
  /** URL under which nodes and their tools reach it. */
  readonly server: string;
  readonly files: PkiFiles;
}

/** Waits for the apiserver, and makes what is missing for nodes to join. */
export async function bootstrap({ apiserver, server, files }: BootstrapTarget): Promise<void> {
  const { ca, cert, key } = files.admin;
  const [authority, token] = [readFileSync(ca, 'utf8'), readFileSync(files.bootstrapToken, 'utf8').trim()];
  const connection = new ClusterConnection(
    { name: 'bootstrap', bus: false, apiserver: { address: apiserver, tls: { caFile: ca, certFile: cert, keyFile: key } } },
    { clock: systemClock, log: silent },
  );
  try {
    await make(connection, core.secrets, tokenSecret(token));
    for (const role of servingRoles()) await make(connection, rbac.clusterroles, role);
    for (const binding of joinBindings()) await make(connection, rbac.clusterrolebindings, binding);
    const { configMap, role, binding } = clusterInfo(server, authority);
    await make(connection, core.configmaps, configMap);
    await make(connection, rbac.roles, role);
    await make(connection, rbac.rolebindings, binding);
  } finally {
    await connection.stop();
  }
}

async function make({ client }: ClusterConnection, type: ResourceType<KubeObject>, object: KubeObject): Promise<void> {
  const deadline = systemClock.now() + withinMs;
  for (;;) {
    try {
      await client.create(type, object);
      return;
    } catch (error) {
      if (isAlreadyExists(error)) return;
      if (systemClock.now() > deadline) throw error;
      await systemClock.sleep(retryMs);
    }
  }
}

/** The same with what `pki` wrote into a directory. */
export async function bootstrapFrom(directory: string, cluster: Omit<BootstrapTarget, 'files'>): Promise<void> {
  await bootstrap({ ...cluster, files: new PkiFiles(directory) });
}
