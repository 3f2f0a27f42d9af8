import { core, discovery, type KubeObject, type ResourceType, type corev1, type discoveryv1 } from '@navarch/api';
import { isAlreadyExists, isNotFound } from '@navarch/apimachinery';
import type { ApiClient } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';

export interface DnsServiceOptions {
  readonly clusterIp: string;
  /** Where this server is reached. */
  readonly address: string;
  readonly port: number;
}

const namespace = 'kube-system';
const serviceName = 'kube-dns';
const firstRetryMs = 200;
const longestRetryMs = 10_000;
/** Somebody may have taken it away. */
const recheckMs = 30_000;

/**
 * Keeps the Service `kube-dns`, by whose cluster IP pods reach this server. It has no selector, because the server is no pod: its
 * EndpointSlice is written here, one a server.
 */
export class DnsService implements Component {
  readonly name = 'kube-dns-service';
  readonly #stop = new AbortController();
  #registered: Promise<void> | undefined;
  #ready = false;

  constructor(private readonly options: DnsServiceOptions, private readonly deps: { readonly client: ApiClient; readonly clock: Clock; readonly log: Logger }) {}

  get ready(): boolean {
    return this.#ready;
  }

  start(): Promise<void> {
    this.#registered = this.#register();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('dns is stopping'));
    await this.#registered;
  }

  async #register(): Promise<void> {
    const { clock, log } = this.deps;
    const stopped = (): boolean => this.#stop.signal.aborted;
    let retryMs = firstRetryMs;
    while (!stopped()) {
      let wait = recheckMs;
      try {
        await this.#ensure(core.services, this.#service(), (existing) => existing.spec?.clusterIP === this.options.clusterIp);
        await this.#ensure(discovery.endpointslices, this.#slice(), (existing) => JSON.stringify([existing.endpoints?.[0]?.addresses, existing.ports?.[0]?.port]) === JSON.stringify([[this.options.address], this.options.port]));
        this.#ready = true;
        retryMs = firstRetryMs;
      } catch (error) {
        if (stopped()) return;
        log.warn({ err: error }, 'kube-dns could not be registered; it is tried again');
        wait = retryMs;
        retryMs = Math.min(retryMs * 2, longestRetryMs);
      }
      await clock.sleep(wait, this.#stop.signal).catch(() => undefined);
    }
  }

  async #ensure<T extends KubeObject>(type: ResourceType<T>, wanted: T, isSame: (existing: T) => boolean): Promise<void> {
    const { client } = this.deps;
    const signal = this.#stop.signal;
    const key = { namespace, name: wanted.metadata.name ?? '' };
    let existing: T;
    try {
      existing = await client.get(type, key, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      try {
        await client.create(type, wanted, { signal });
      } catch (created) {
        if (!isAlreadyExists(created)) throw created; // another server was first
      }
      return;
    }
    if (isSame(existing)) return;
    await client.update(type, { ...existing, ...wanted, metadata: { ...existing.metadata, labels: { ...existing.metadata.labels, ...wanted.metadata.labels } } }, { signal });
  }

  #service(): corev1.Service {
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: serviceName, namespace,
        labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
      },
      spec: {
        clusterIP: this.options.clusterIp,
        ports: [
          { name: 'dns', protocol: 'UDP', port: 53, targetPort: this.options.port },
          { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: this.options.port },
        ],
      },
    };
  }

  #slice(): discoveryv1.EndpointSlice {
    const { address, port } = this.options;
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${serviceName}-${address.replaceAll('.', '-')}`, namespace,
        labels: { 'kubernetes.io/service-name': serviceName, 'endpointslice.kubernetes.io/managed-by': 'dns.navarch.io' },
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
      ports: [{ name: 'dns', protocol: 'UDP', port }, { name: 'dns-tcp', protocol: 'TCP', port }],
    };
  }
}
