import type { apiregistrationv1 } from '@navarch/api';
import type { OutgoingHttpHeaders } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import type { User } from '../pipeline';
import type { ServiceResolver } from '../services/service-resolver';
import { trustedBy } from '../services/trusted-by';

/** How this server proves to aggregated ones that it may say who asks. */
export interface ProxyCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Asked for every connection: it is renewed. */
export type ReadProxyCertificate = () => Promise<ProxyCertificate | undefined>;

export interface ServerAddress {
  readonly url: URL;
  readonly options: RequestOptions;
}

/** Who asks, as a front proxy says it. */
export function userHeaders({ name, uid, groups, extra }: User): OutgoingHttpHeaders {
  return {
    'X-Remote-User': name, 'X-Remote-Group': [...groups], ...(uid === undefined ? {} : { 'X-Remote-Uid': uid }),
    ...Object.fromEntries(Object.entries(extra ?? {}).map(([key, values]) => [`X-Remote-Extra-${encodeURIComponent(key).toLowerCase()}`, [...values]])),
  };
}

/** Where an aggregated API server is now, and how to talk to it. @throws ApiError when its Service leads nowhere */
export async function addressOf({ spec }: apiregistrationv1.APIService, path: string, services: ServiceResolver, readCertificate: ReadProxyCertificate): Promise<ServerAddress> {
  const { namespace = '', name = '', port = 443 } = spec?.service ?? {};
  const { ip, port: targetPort } = services.resolve(namespace, name, port);
  const caBundle = spec?.caBundle ?? '';
  const certificate = await readCertificate();
  return {
    url: new URL(`https://${ip.includes(':') ? `[${ip}]` : ip}:${targetPort}${path}`),
    options: {
      servername: `${name}.${namespace}.svc`, rejectUnauthorized: spec?.insecureSkipTLSVerify !== true,
      ...(caBundle === '' ? {} : trustedBy(Buffer.from(caBundle, 'base64'))), ...(certificate ? { cert: certificate.cert, key: certificate.key } : {}),
    },
  };
}

const timeoutMs = 5_000;

/** An answer, and what its header says that it is. */
export interface ServerAnswer {
  readonly text: string;
  readonly contentType: string;
}

/** Asks an aggregated server as this one itself. @throws Error when there is no good answer */
export function ask({ url, options }: ServerAddress, accept = 'application/json'): Promise<ServerAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { Accept: accept, 'X-Remote-User': 'system:kube-aggregator', 'X-Remote-Group': ['system:masters'] };
    const call = request(url, { ...options, agent: false, headers, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve({ text: Buffer.concat(chunks).toString(), contentType: response.headers['content-type'] ?? '' });
        else reject(new Error(`bad status from ${url.href}: ${response.statusCode ?? 0}`));
      });
    });
    call.on('error', reject);
    call.end();
  });
}

/** The text of an answer. @throws Error when there is no good one */
export const getText = async (address: ServerAddress): Promise<string> => (await ask(address)).text;
