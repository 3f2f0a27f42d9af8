import { readFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { dirname, resolve } from 'node:path';
import { type certificatesv1 } from '@navarch/api';
import { decodeYaml } from '@navarch/apimachinery';
import { type RequestApi } from './request-certificate';

/** How a machine that is no node yet reaches the apiserver. */
export interface BootstrapAccess {
  readonly server: string;
  readonly ca: string | undefined;
  readonly token: string;
}

interface Kubeconfig {
  'current-context'?: string;
  contexts?: { name: string; context: { cluster: string; user: string } }[];
  clusters?: { name: string; cluster: { server: string; 'certificate-authority'?: string; 'certificate-authority-data'?: string } }[];
  users?: { name: string; user: { token?: string; tokenFile?: string } }[];
}

/** Reads upstream's --bootstrap-kubeconfig; throws an Error that says what is missing. */
export async function readBootstrapKubeconfig(path: string): Promise<BootstrapAccess> {
  const { value } = decodeYaml(await readFile(path));
  const config = value as Kubeconfig | null;
  const context = config?.contexts?.find(({ name }) => name === config['current-context'])?.context ?? config?.contexts?.[0]?.context;
  const cluster = config?.clusters?.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config?.users?.find(({ name }) => name === context?.user)?.user;
  if (!cluster?.server) throw new Error(`${path} names no server`);
  const beside = (file: string): Promise<string> => readFile(resolve(dirname(path), file), 'utf8');
  const token = user?.token ?? (user?.tokenFile === undefined ? undefined : (await beside(user.tokenFile)).trim());
  if (!token) throw new Error(`${path} holds no token`);
  const data = cluster['certificate-authority-data'];
  const caFile = cluster['certificate-authority'];
  const ca = data === undefined ? (caFile === undefined ? undefined : await beside(caFile)) : Buffer.from(data, 'base64').toString('utf8');
  return { server: cluster.server, ca, token };
}

/** Certificate requests by HTTPS and token: a machine without a certificate cannot use the other doors. */
export function bootstrapRequests({ server, ca, token }: BootstrapAccess): RequestApi {
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const send = (method: string, target: string, body?: object): Promise<certificatesv1.CertificateSigningRequest> => new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = httpsRequest(new URL(target, server), {
      method, agent: false, timeout: requestTimeoutMs, ...(ca === undefined ? {} : { ca }),
      headers: { 'authorization': `Bearer ${token}`, 'accept': 'application/json', ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }) },
    }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject).on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const code = response.statusCode ?? 0;
        if (code < 200 || code > 299) reject(new Error(`${method} ${target}: ${code} ${text}`));
        else resolve(JSON.parse(text) as certificatesv1.CertificateSigningRequest);
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${target}: no answer`))).on('error', reject).end(payload);
  });
  return { create: (request) => send('POST', path, request), get: (name) => send('GET', `${path}/${name}`) };
}

const requestTimeoutMs = 30_000;
