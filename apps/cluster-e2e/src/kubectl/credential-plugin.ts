import { chmodSync } from 'node:fs';
import { createCertificateRequest } from '@navarch/pki';
import type { KubectlSession } from './session';

/** What a plug-in tells kubectl: a `status` of `ExecCredential`. */
type Credential = { readonly token: string } | { readonly clientCertificateData: string; readonly clientKeyData: string };

/** Versions of client.authentication.k8s.io, each with the first kubectl that knows it. */
export const pluginVersions: Readonly<Record<string, number>> = { v1beta1: 11, v1: 22 };

interface Config {
  readonly clusters: readonly { readonly name: string; readonly cluster: object }[];
}

/** A kubeconfig whose user is whoever a program says; answers its path. The program insists on what kubectl must tell it. */
async function pluginConfig(session: KubectlSession, version: string, name: string, status: Credential): Promise<string> {
  const apiVersion = `client.authentication.k8s.io/${version}`;
  const said = session.file(`${name}-${version}.json`, JSON.stringify({ apiVersion, kind: 'ExecCredential', status }));
  const asked = `*'"apiVersion":"${apiVersion}"'*'"server":"https://'*`;
  const program = session.file(
    `${name}-${version}.sh`,
    `#!/bin/sh\ncase "$KUBERNETES_EXEC_INFO" in\n${asked}) test "$1/$WHO" = login/me && exec cat '${said}' ;;\nesac\necho "asked wrongly: $1 $WHO $KUBERNETES_EXEC_INFO" >&2\nexit 1\n`,
  );
  chmodSync(program, 0o700);
  const { clusters } = JSON.parse(await session.run('config view --minify --flatten --raw -o json')) as Config;
  const exec = { apiVersion, command: program, args: ['login'], env: [{ name: 'WHO', value: 'me' }], provideClusterInfo: true, interactiveMode: 'Never' };
  const context = { name: 'plugin', context: { cluster: clusters[0]?.name ?? '', user: 'plugin' } };
  return session.file(
    `${name}-${version}.kubeconfig`,
    JSON.stringify({
      'apiVersion': 'v1',
      'kind': 'Config',
      clusters,
      'contexts': [context],
      'current-context': 'plugin',
      'users': [{ name: 'plugin', user: { exec } }],
    }),
  );
}

/** Who reads with it may do so as `user`, and nothing more. */
async function expectReader(session: KubectlSession, kubeconfig: string, user: string): Promise<void> {
  const env = { KUBECONFIG: kubeconfig };
  await session.until(async () => expect(await session.run('get deployment web -o name', { env })).toBe('deployment.apps/web\n'));
  expect((await session.try('create configmap written', { env })).stderr).toContain(`User "${user}" cannot create resource "configmaps"`);
}

async function tokenFor(session: KubectlSession, account: string): Promise<string> {
  await session.run(`create serviceaccount ${account}`);
  await session.run(`create rolebinding ${account} --clusterrole=view --serviceaccount=${session.namespace}:${account}`);
  const request = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} });
  const answer = await session.run(`create --raw /api/v1/namespaces/${session.namespace}/serviceaccounts/${account}/token -f -`, { input: request });
  return (JSON.parse(answer) as { status: { token: string } }).status.token;
}

async function certificateFor(session: KubectlSession, user: string): Promise<Credential> {
  await session.run(`create rolebinding ${user} --clusterrole=view --user=${user}`);
  const { csr, key } = await createCertificateRequest({ commonName: user });
  const spec = { request: Buffer.from(csr).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] };
  await session.run('create -f -', { input: JSON.stringify({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: user }, spec }) });
  await session.run(`certificate approve ${user}`);
  const certificate = await session.until(async () => {
    const text = await session.get('{.status.certificate}', `csr ${user}`);
    expect(text).not.toBe('');
    return text;
  });
  return { clientCertificateData: Buffer.from(certificate, 'base64').toString(), clientKeyData: key };
}

/** Logs in with the token that a program gives. */
export async function logsInByToken(session: KubectlSession, version: string): Promise<void> {
  const account = `token-${version}`;
  const kubeconfig = await pluginConfig(session, version, 'token', { token: await tokenFor(session, account) });
  await expectReader(session, kubeconfig, `system:serviceaccount:${session.namespace}:${account}`);
}

/** Logs in with the certificate that a program gives. */
export async function logsInByCertificate(session: KubectlSession, version: string): Promise<void> {
  const user = session.name(`certificate-${version}`);
  await expectReader(session, await pluginConfig(session, version, 'certificate', await certificateFor(session, user)), user);
}
