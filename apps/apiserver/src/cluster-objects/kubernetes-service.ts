import { core, type corev1, discovery, type discoveryv1 } from '@navarch/api';
import { isAlreadyExists, isConflict, isNotFound } from '@navarch/apimachinery';
import { rest, type Clock } from '@navarch/clock';
import type { Component, Logger } from '@navarch/component-base';
import type { ResourceCache, Store, WatchCache } from '@navarch/storage';
import { isLoopback } from '../advertise-address';
import { randomUUID } from 'node:crypto';
import type { ObjectWriter } from '../pipeline';

/** Keys of living apiservers, each under a lease, as with upstream's `--endpoint-reconciler-type=lease`. */
const MASTER_LEASES = '/registry/navarch/masterleases/';
const LEASE_SECONDS = 60;
const RENEW_MS = 10_000;
const NAME = 'kubernetes';
const NAMESPACE = 'default';

export interface KubernetesServiceOptions {
  /** First address of the Service range. */
  readonly clusterIP: string;
  readonly advertiseAddress: string;
  readonly port: () => number;
  /** `--endpoint-reconciler-type=none` leaves them to others; the Service is this server's all the same. */
  readonly keepsEndpoints: boolean;
}

export interface KubernetesServiceDeps {
  readonly store: Store;
  readonly cache: WatchCache;
  readonly writer: ObjectWriter;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps the Service `kubernetes` and its endpoints: all apiservers that are alive. */
export class KubernetesService implements Component {
  readonly name = 'kubernetes-service';
  private readonly leases: ResourceCache;
  private readonly stopping = new AbortController();
  /** Tells this server from its successor at the same address. */
  private readonly holder = randomUUID();
  private running: Promise<void> | undefined;

  constructor(
    private readonly options: KubernetesServiceOptions,
    private readonly deps: KubernetesServiceDeps,
  ) {
    this.leases = deps.cache.register({ prefix: MASTER_LEASES, apiVersion: 'v1', kind: 'Endpoints', describe: () => ({ uid: '', labels: {}, fields: {} }) });
  }

  async start(): Promise<void> {
    if (this.running) return;
    await this.once();
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    this.running = undefined;
    await this.leave();
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    for (;;) {
      await rest(this.deps.clock, RENEW_MS, signal);
      if (signal.aborted) return;
      await this.once();
    }
  }

  private async once(): Promise<void> {
    try {
      if (this.options.keepsEndpoints) await this.renew();
      await this.reconcile();
    } catch (error) {
      // Another server may have been faster, or etcd is away: the next round finds out.
      if (!isConflict(error) && !isAlreadyExists(error)) this.deps.log.warn({ err: error }, 'endpoints of the kubernetes service not reconciled');
    }
  }

  private get key(): string {
    return MASTER_LEASES + this.options.advertiseAddress;
  }

  private async renew(): Promise<void> {
    const { store } = this.deps;
    const json = Buffer.from(`{"metadata":{"resourceVersion":""},"holder":"${this.holder}"}`);
    const leaseId = await store.leaseFor(LEASE_SECONDS);
    const current = await store.get(this.key);
    const outcome = await store.commit({ ops: [{ kind: 'put', key: this.key, json, expectedModRevision: current?.modRevision ?? 0, leaseId }] });
    if (outcome.ok) await this.deps.cache.waitFor(outcome.resourceVersions[0] ?? 0);
  }

  /** Leaves the endpoints at an orderly stop; a lost key would have done it later. */
  private async leave(): Promise<void> {
    const { store, log } = this.deps;
    if (!this.options.keepsEndpoints) return;
    try {
      const current = await store.get(this.key);
      if (current?.json.includes(this.holder) === true) await store.commit({ ops: [{ kind: 'delete', key: this.key, expectedModRevision: current.modRevision }] });
    } catch (error) {
      log.info({ err: error }, 'own endpoint is left to its lease');
    }
  }

  private async reconcile(): Promise<void> {
    const { writer } = this.deps;
    const addresses = this.leases.list().map(({ key }) => key.slice(MASTER_LEASES.length)).filter((address) => !isLoopback(address)).sort();
    const port = this.options.port();
    if ((await writer.get(core.services, NAMESPACE, NAME)) === undefined) await writer.create(core.services, this.service(port));
    if (!this.options.keepsEndpoints || addresses.length === 0) return;
    await this.put(core.endpoints, endpoints(addresses, port), ({ subsets }) => subsets);
    await this.put(discovery.endpointslices, slice(addresses, port), ({ endpoints: listed, ports }) => ({ listed, ports }));
  }

  private async put<T extends corev1.Endpoints | discoveryv1.EndpointSlice>(type: Parameters<ObjectWriter['get']>[0], wanted: T, content: (object: T) => unknown): Promise<void> {
    const { writer } = this.deps;
    const existing = (await writer.get(type, NAMESPACE, NAME)) as T | undefined;
    if (!existing) {
      await writer.create(type, wanted);
      return;
    }
    if (JSON.stringify(content(existing)) === JSON.stringify(content(wanted))) return;
    try {
      await writer.update(type, { ...wanted, metadata: existing.metadata });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  private service(port: number): corev1.Service {
    return {
      metadata: { name: NAME, namespace: NAMESPACE, labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: {
        clusterIP: this.options.clusterIP,
        clusterIPs: [this.options.clusterIP],
        type: 'ClusterIP',
        ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: port }],
        sessionAffinity: 'None',
      },
    };
  }
}

const portOf = (port: number): { name: string; port: number; protocol: string } => ({ name: 'https', port, protocol: 'TCP' });

function endpoints(addresses: readonly string[], port: number): corev1.Endpoints {
  return {
    metadata: { name: NAME, namespace: NAMESPACE, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    ...(addresses.length > 0 ? { subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: [portOf(port)] }] } : {}),
  };
}

function slice(addresses: readonly string[], port: number): discoveryv1.EndpointSlice {
  return {
    metadata: { name: NAME, namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': NAME } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [portOf(port)],
  };
}
