import { core, discovery, type corev1, type discoveryv1 } from '@navarch/api';
import type { Informer, InformerFactory } from '@navarch/client';
import type { Clock } from '@navarch/clock';
import type { ClusterView } from './cluster-records';
import { programmingSeconds } from './programming-latency';

const isHeadless = (service: corev1.Service): boolean => service.spec?.clusterIP === 'None';

/** The cluster as informers know it. */
export class InformerView implements ClusterView {
  readonly #services: Informer<corev1.Service>;
  readonly #slices: Informer<discoveryv1.EndpointSlice>;
  readonly #namespaces: Informer<corev1.Namespace>;
  #version = 0;

  /** `onProgrammed`: names of pods follow a change that began so many seconds ago; not told of what was there at the start. */
  constructor(informers: InformerFactory, { clock, onProgrammed }: { readonly clock: Clock; readonly onProgrammed: (seconds: number) => void }) {
    this.#services = informers.informer(core.services, { indexes: { address: (service) => (isHeadless(service) ? [] : (service.spec?.clusterIPs ?? [])) } });
    this.#slices = informers.informer(discovery.endpointslices, {
      indexes: {
        service: (slice) => [`${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}`],
        address: (slice) => (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses),
      },
    });
    this.#namespaces = informers.informer(core.namespaces);
    const changed = (): void => {
      this.#version++;
    };
    const handler = { onAdd: changed, onUpdate: changed, onDelete: changed };
    this.#services.addHandler(handler);
    const sliceChanged = (before: discoveryv1.EndpointSlice | undefined, after: discoveryv1.EndpointSlice): void => {
      changed();
      const service = this.service(after.metadata.namespace ?? '', after.metadata.labels?.['kubernetes.io/service-name'] ?? '');
      const seconds = this.synced ? programmingSeconds(before, after, service, clock.now()) : undefined;
      if (seconds !== undefined) onProgrammed(seconds);
    };
    this.#slices.addHandler({ onAdd: (slice) => sliceChanged(undefined, slice), onUpdate: sliceChanged, onDelete: changed });
    this.#namespaces.addHandler(handler);
  }

  /** Changes with everything that answers are made of. */
  get version(): number {
    return this.#version;
  }

  async waitForSync(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#services, this.#slices, this.#namespaces].map((informer) => informer.waitForSync(signal)));
  }

  get synced(): boolean {
    return this.#services.synced && this.#slices.synced && this.#namespaces.synced;
  }

  service(namespace: string, name: string): corev1.Service | undefined {
    return this.#services.get({ namespace, name });
  }

  slices(namespace: string, service: string): readonly discoveryv1.EndpointSlice[] {
    return this.#slices.byIndex('service', `${namespace}/${service}`);
  }

  namespaceExists(name: string): boolean {
    return this.#namespaces.get({ namespace: '', name }) !== undefined;
  }

  serviceByAddress(address: string): corev1.Service | undefined {
    return this.#services.byIndex('address', address)[0];
  }

  slicesByAddress(address: string): readonly discoveryv1.EndpointSlice[] {
    return this.#slices.byIndex('address', address);
  }
}
