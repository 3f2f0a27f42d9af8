import { Resolver } from 'node:dns/promises';
import { get, type RequestOptions } from 'node:http';
import { get as getSecure, type RequestOptions as SecureOptions } from 'node:https';
import type { ApiClient } from './api-client';
import { network } from './compose-cluster';
import { Reader } from './reader';

const attemptMs = 1_000;
/** Together 15 requests a second; each of the web Service starts processes in a pod, on machines that have two processors for all this. */
const everyMs = { web: 200, others: 400 } as const;

/** Rejects unless the answer is 200 and whole. */
function fetches(options: RequestOptions | SecureOptions, secure = false): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = (secure ? getSecure : get)({ ...options, agent: false, timeout: attemptMs }, (answer) => {
      answer.resume();
      answer.on('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`answered with ${answer.statusCode ?? 0}`))));
      answer.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error('timeout')));
    call.on('error', reject);
  });
}

/** Rejects unless DNS knows the name. */
async function resolves(server: string, name: string): Promise<void> {
  const resolver = new Resolver({ timeout: attemptMs, tries: 1 });
  resolver.setServers([server]);
  if ((await resolver.resolve4(name)).length === 0) throw new Error(`${name} has no address`);
}

/** One reader for each Service of the cluster and for its ingress, where who is outside reaches it: `web` at both nodes' addresses, what there is one of at the one that it has. */
export function serviceReaders(api: ApiClient, nodeAddresses: readonly string[], webPort: number): Reader[] {
  const apiserver = (path: string): Promise<void> => fetches({ host: '127.0.0.1', port: api.port, path, ...api.credentials }, true);
  return [
    new Reader('web', (attempt) => fetches({ host: nodeAddresses[attempt % nodeAddresses.length], port: webPort }), everyMs.web),
    new Reader('kubernetes', () => apiserver('/api/v1/namespaces/default/services/kubernetes'), everyMs.others),
    new Reader('kube-dns', () => resolves(`${network}.10:10053`, 'web.default.svc.cluster.local'), everyMs.others),
    new Reader('metrics-server', () => apiserver('/apis/metrics.k8s.io/v1beta1/nodes'), everyMs.others),
    new Reader('ingress', () => fetches({ host: nodeAddresses[0], port: 80, headers: { host: 'readers.example.test' } }), everyMs.others),
  ];
}
