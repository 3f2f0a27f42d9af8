import { type Clock } from '@navarch/clock';
import { type Logger } from '@navarch/component-base';
import { createCertificateRequest } from '@navarch/pki';
import { bootstrapRequests, readBootstrapKubeconfig } from './bootstrap-kubeconfig';
import { isUsable, type CertificateStore } from './certificate-store';
import { requestCertificate } from './request-certificate';

const retryMs = 2_000;

/** What a node is called in certificates. */
export function nodeSubject(nodeName: string): { readonly commonName: string; readonly organizations: readonly string[] } {
  return { commonName: `system:node:${nodeName}`, organizations: ['system:nodes'] };
}

/**
 * Makes this machine a member of the cluster: with the token of the bootstrap kubeconfig it asks for a certificate as
 * a node. Does nothing when there is one that holds already; tries until there is one.
 */
export async function joinCluster(kubeconfig: string, store: CertificateStore, nodeName: string, { clock, log }: { readonly clock: Clock; readonly log: Logger }, signal: AbortSignal): Promise<void> {
  const subject = nodeSubject(nodeName);
  const pair = await store.read();
  if (pair && isUsable(pair.cert, clock.now(), subject.commonName)) return;
  for (;;) {
    try {
      const api = bootstrapRequests(await readBootstrapKubeconfig(kubeconfig));
      const { csr, key } = await createCertificateRequest(subject);
      log.info({ node: nodeName }, 'asking for a certificate to join the cluster');
      await store.write({ cert: await requestCertificate(api, csr, 'kubernetes.io/kube-apiserver-client-kubelet', clock, signal), key });
      return;
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ err: error }, 'not a member of the cluster yet');
      await clock.sleep(retryMs, signal);
    }
  }
}
