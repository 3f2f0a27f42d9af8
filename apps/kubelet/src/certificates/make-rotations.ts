import { join } from 'node:path';
import type { ClusterConnection } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Logger } from '@navarch/component-base';
import type { Registry } from 'prom-client';
import type { KubeletConfig } from '../config';
import type { KubeletOptions } from '../kubelet-options';
import { CertificateMetrics } from './certificate-metrics';
import { CertificateRotation } from './certificate-rotation';
import { CertificateStore } from './certificate-store';
import { nodeSubject } from './join-cluster';
import { clientRequests } from './request-certificate';

function directoryOf({ certDir, rootDir }: KubeletConfig): string {
  return certDir ?? join(rootDir, 'pki');
}

/** Where the certificate is by which the kubelet is known to the API. */
export function clientStore(config: KubeletConfig): CertificateStore {
  const directory = directoryOf(config);
  return new CertificateStore(config.clientCertificate ?? join(directory, 'kubelet-client.crt'), config.clientKey ?? join(directory, 'kubelet-client.key'));
}

/** Where the certificate is that its servers show, if it gets that itself. */
export function servingStore(config: KubeletConfig): CertificateStore {
  const directory = directoryOf(config);
  return new CertificateStore(join(directory, 'kubelet-server.crt'), join(directory, 'kubelet-server.key'));
}

export interface RotationDeps {
  readonly cluster: ClusterConnection;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What gets new certificates in time, as the flags say: for the client, for the servers. */
export function certificateRotations(
  config: KubeletConfig,
  { identity }: KubeletOptions,
  client: CertificateStore,
  { cluster, clock, log, registry }: RotationDeps,
): CertificateRotation[] {
  const deps = { api: clientRequests(cluster.client), clock, log, random: Math.random };
  const subject = nodeSubject(identity.name);
  const hosts = [identity.hostname, ...identity.addresses];
  const rotations: CertificateRotation[] = [];
  if (config.rotateCertificates) {
    const metrics = new CertificateMetrics('client', client, clock, registry);
    rotations.push(new CertificateRotation({ name: 'client-certificate', signer: 'kubernetes.io/kube-apiserver-client-kubelet', store: client, subject }, { ...deps, metrics }));
  }
  if (config.rotateServerCertificates) {
    const store = servingStore(config);
    const metrics = new CertificateMetrics('server', store, clock, registry);
    rotations.push(new CertificateRotation({ name: 'serving-certificate', signer: 'kubernetes.io/kubelet-serving', store, subject: { ...subject, hosts } }, { ...deps, metrics }));
  }
  return rotations;
}
