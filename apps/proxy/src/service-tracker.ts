import type { corev1, discoveryv1 } from '@navarch/api';
import type { IpFamily } from '@navarch/apimachinery';
import type { Informer } from '@navarch/client';
import type { proxyv1 } from '@navarch/proto';
import { familyOfPort } from './backends/dual-stack';
import { families } from './backends/family-words';
import type { ServiceHealth } from './health/health-check-ports';
import type { OwnNode } from './own-node';
import { healthCheckPort, localReadyEndpoints, servicePorts } from './service-ports';

export const byService = 'service';
/** When that happened which the slice tells of, as the controller of slices writes it. */
const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/** How long ago the cause of a change was. */
export interface Trigger {
  readonly family: IpFamily;
  readonly atMs: number;
}

export interface TrackerObserver {
  /** Something is to be worked out. */
  changed(what: 'service' | 'endpoints' | 'place'): void;
}

/** Index function: the Service an EndpointSlice belongs to, as `namespace/name`. */
export function serviceOf(slice: discoveryv1.EndpointSlice): string[] {
  const name = slice.metadata.labels?.['kubernetes.io/service-name'];
  return name === undefined ? [] : [`${slice.metadata.namespace ?? ''}/${name}`];
}

/** Turns changes of Services and EndpointSlices into changes of service ports: only what changed is worked out anew. */
export class ServiceTracker {
  readonly #dirty = new Set<string>();
  readonly #pendingServices = new Set<string>();
  readonly #pendingEndpoints = new Set<string>();
  #triggers: Trigger[] = [];
  /** Ids of ports by Service. */
  readonly #known = new Map<string, Map<string, proxyv1.ServicePort>>();
  readonly #health = new Map<string, ServiceHealth>();
  readonly #endings: (() => void)[];

  constructor(private readonly services: Informer<corev1.Service>, private readonly slices: Informer<discoveryv1.EndpointSlice>, private readonly ownNode: OwnNode, observer: TrackerObserver) {
    const mark = (what: 'service' | 'endpoints' | 'place', key: string | undefined): void => {
      if (key === undefined) return;
      this.#dirty.add(key);
      if (what === 'service') this.#pendingServices.add(key);
      if (what === 'endpoints') this.#pendingEndpoints.add(key);
      observer.changed(what);
    };
    const trigger = ({ metadata, addressType }: discoveryv1.EndpointSlice): void => {
      const atMs = Date.parse(metadata.annotations?.[triggerTimeAnnotation] ?? '');
      if (!Number.isNaN(atMs)) this.#triggers.push({ family: addressType === 'IPv6' ? 'IPv6' : 'IPv4', atMs });
    };
    const keyOf = (service: corev1.Service): string => `${service.metadata.namespace ?? ''}/${service.metadata.name ?? ''}`;
    this.#endings = [
      services.addHandler({
        onAdd: (service) => mark('service', keyOf(service)),
        onUpdate: (_before, service) => mark('service', keyOf(service)),
        onDelete: (service) => mark('service', keyOf(service)),
      }),
      slices.addHandler({
        onAdd: (slice) => {
          trigger(slice);
          mark('endpoints', serviceOf(slice)[0]);
        },
        onUpdate: (before, slice) => {
          if (before.metadata.annotations?.[triggerTimeAnnotation] !== slice.metadata.annotations?.[triggerTimeAnnotation]) trigger(slice);
          mark('endpoints', serviceOf(before)[0]);
          mark('endpoints', serviceOf(slice)[0]);
        },
        onDelete: (slice) => mark('endpoints', serviceOf(slice)[0]),
      }),
      // Hints are read from another place now.
      ownNode.onMove(() => services.list().forEach((service) => mark('place', keyOf(service)))),
    ];
  }

  stop(): void {
    for (const end of this.#endings) end();
  }

  /** Services whose changes are not in force yet. */
  get pending(): { readonly services: number; readonly endpoints: number } {
    return { services: this.#pendingServices.size, endpoints: this.#pendingEndpoints.size };
  }

  /** Causes of what changed since the last call. */
  takeTriggers(): Trigger[] {
    const taken = this.#triggers;
    this.#triggers = [];
    return taken;
  }

  /** Ports with a Local policy that have endpoints, and none on this node. */
  get noLocalEndpoints(): { family: IpFamily; policy: 'internal' | 'external'; count: number }[] {
    const counts = families.flatMap((family) => (['internal', 'external'] as const).map((policy) => ({ family, policy, count: 0 })));
    for (const ports of this.#known.values()) for (const port of ports.values()) {
      if (port.localEndpoints.length > 0 || port.endpoints.length === 0) continue;
      for (const one of counts) if (one.family === familyOfPort(port) && (one.policy === 'internal' ? port.internalLocal : port.externalLocal)) one.count++;
    }
    return counts;
  }

  /** What changed since the last call. */
  takeChanges(): { upsert: proxyv1.ServicePort[]; remove: string[] } {
    const upsert: proxyv1.ServicePort[] = [];
    const remove: string[] = [];
    for (const key of this.#dirty) {
      const before = this.#known.get(key) ?? new Map<string, proxyv1.ServicePort>();
      const after = this.#portsOf(key);
      for (const id of before.keys()) if (!after.has(id)) remove.push(id);
      for (const [id, port] of after) if (JSON.stringify(before.get(id)) !== JSON.stringify(port)) upsert.push(port);
      if (after.size > 0) this.#known.set(key, after);
      else this.#known.delete(key);
    }
    this.#dirty.clear();
    this.#pendingServices.clear();
    this.#pendingEndpoints.clear();
    return { upsert, remove };
  }

  /** What load balancers are told, as of the last call of `takeChanges`. */
  get health(): ServiceHealth[] {
    return [...this.#health.values()];
  }

  /** Everything, for a reset. */
  all(): proxyv1.ServicePort[] {
    this.takeChanges();
    return [...this.#known.values()].flatMap((ports) => [...ports.values()]);
  }

  #portsOf(key: string): Map<string, proxyv1.ServicePort> {
    const slash = key.indexOf('/');
    const service = this.services.get({ namespace: key.slice(0, slash), name: key.slice(slash + 1) });
    this.#health.delete(key);
    if (service === undefined) return new Map();
    const slices = this.slices.byIndex(byService, key);
    const { place } = this.ownNode;
    const ports = servicePorts(service, slices, place);
    const healthPort = healthCheckPort(service);
    if (healthPort !== undefined) {
      this.#health.set(key, {
        namespace: key.slice(0, slash),
        name: key.slice(slash + 1),
        port: healthPort,
        localEndpoints: localReadyEndpoints(service, slices, place.nodeName),
      });
    }
    return new Map(ports.map((port) => [port.id, port]));
  }
}
