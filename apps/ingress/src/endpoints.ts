import type { corev1, discoveryv1 } from '@navarch/api';
import type { Target } from './routing-table';

/** What Services are behind, by look-ups that need no waiting. */
export interface ServiceView {
  service(namespace: string, name: string): corev1.Service | undefined;
  slices(namespace: string, service: string): readonly discoveryv1.EndpointSlice[];
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Endpoints that take requests for a target now. Requests go to pods themselves: no proxy in between chooses again. */
export function endpointsOf({ namespace, service: name, port }: Target, view: ServiceView): Endpoint[] {
  const service = view.service(namespace, name);
  const servicePort = service?.spec?.ports?.find((each) => (typeof port === 'number' ? each.port === port : each.name === port));
  if (service?.spec?.type === 'ExternalName') {
    const number = typeof port === 'number' ? port : servicePort?.port;
    return service.spec.externalName === undefined || number === undefined ? [] : [{ host: service.spec.externalName, port: number }];
  }
  if (servicePort === undefined) return [];
  const found = view.slices(namespace, name).flatMap(({ ports, endpoints }) => {
    const number = ports?.find((each) => (each.name ?? '') === (servicePort.name ?? '') && (each.protocol ?? 'TCP') === (servicePort.protocol ?? 'TCP'))?.port;
    return number === undefined
      ? []
      : (endpoints ?? []).flatMap(({ addresses, conditions }) =>
          addresses[0] === undefined ? [] : [{ host: addresses[0], port: number, ready: conditions?.ready !== false, serving: conditions?.serving === true }],
        );
  });
  const ready = found.filter((endpoint) => endpoint.ready);
  // Endpoints that are going away but still serve are better than none.
  return (ready.length > 0 ? ready : found.filter((endpoint) => endpoint.serving)).map(({ host, port: number }) => ({ host, port: number }));
}

/** How a target's endpoints want to be spoken to, by the Service port's appProtocol (KEP-3726). */
export function protocolOf({ namespace, service: name, port }: Target, view: ServiceView): 'http/1.1' | 'h2c' {
  const servicePort = view.service(namespace, name)?.spec?.ports?.find((each) => (typeof port === 'number' ? each.port === port : each.name === port));
  return servicePort?.appProtocol === 'kubernetes.io/h2c' ? 'h2c' : 'http/1.1';
}

/** Takes endpoints in turn, a place for each target. */
export class Rotation {
  readonly #next = new Map<string, number>();

  /** The endpoints, beginning with the one whose turn it is. */
  order({ namespace, service, port }: Target, endpoints: readonly Endpoint[]): Endpoint[] {
    const key = `${namespace}/${service}:${port}`;
    const at = (this.#next.get(key) ?? 0) % Math.max(1, endpoints.length);
    this.#next.set(key, at + 1);
    return [...endpoints.slice(at), ...endpoints.slice(0, at)];
  }
}
