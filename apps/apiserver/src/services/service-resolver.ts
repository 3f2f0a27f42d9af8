import { core, discovery, type corev1, type discoveryv1 } from '@navarch/api';
import { goQuote, notFound, serviceUnavailable } from '@navarch/apimachinery';
import { randomInt } from 'node:crypto';
import type { ObjectReader } from '../pipeline';

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** The ready endpoints of a Service port, by the port's name. */
export function endpointsOf(slices: readonly discoveryv1.EndpointSlice[], portName: string): Endpoint[] {
  return slices.flatMap(({ endpoints, ports }) => {
    const port = (ports ?? []).find(({ name = '' }) => name === portName)?.port;
    if (port === undefined) return [];
    return (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false).flatMap(({ addresses }) => addresses.map((ip) => ({ ip, port })));
  });
}

export const slicesOf = (reader: ObjectReader, namespace: string, service: string): discoveryv1.EndpointSlice[] =>
  reader.list(discovery.endpointslices, namespace).filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service);

/** Finds the pods behind a Service, for calls that this server makes itself (rules 6.3): it needs no proxy beside it. */
export class ServiceResolver {
  constructor(private readonly reader: ObjectReader) {}

  /** @throws notFound, serviceUnavailable */
  resolve(namespace: string, name: string, port: number): Endpoint {
    const service = this.reader.get(core.services, namespace, name);
    if (service === undefined) throw notFound({ group: '', resource: 'service' }, name);
    if (service.spec?.type === 'ExternalName') return { ip: service.spec.externalName ?? '', port };
    const wanted = portOf(service, port);
    if (wanted === undefined) throw serviceUnavailable(`no service port ${port} found for service ${goQuote(name)}`);
    const endpoints = endpointsOf(slicesOf(this.reader, namespace, name), wanted.name ?? '');
    const chosen = endpoints[endpoints.length > 1 ? randomInt(endpoints.length) : 0];
    if (!chosen) throw serviceUnavailable(`no endpoints available for service ${goQuote(name)}`);
    return chosen;
  }
}

function portOf({ spec }: corev1.Service, port: number): corev1.ServicePort | undefined {
  return spec?.ports?.find((one) => one.port === port);
}
