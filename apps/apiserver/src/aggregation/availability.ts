import { core, type apiregistrationv1 } from '@navarch/api';
import { goQuote } from '@navarch/apimachinery';
import type { ObjectReader } from '../pipeline';
import { endpointsOf, slicesOf } from '../services/service-resolver';

export interface Availability {
  readonly available: boolean;
  readonly reason: string;
  readonly message: string;
}

const unavailable = (reason: string, message: string): Availability => ({ available: false, reason, message });

/** What can be said of an aggregated server without asking it; undefined: it must be asked. */
export function checkEndpoints(reader: ObjectReader, { namespace = '', name = '', port = 443 }: apiregistrationv1.ServiceReference): Availability | undefined {
  const service = reader.get(core.services, namespace, name);
  if (service === undefined) return unavailable('ServiceNotFound', `service/${name} in ${goQuote(namespace)} is not present`);
  if (service.spec?.type === 'ExternalName') return undefined;
  const found = service.spec?.ports?.find((one) => one.port === port);
  if (found === undefined) return unavailable('ServicePortError', `service/${name} in ${goQuote(namespace)} is not listening on port ${port}`);
  const slices = slicesOf(reader, namespace, name);
  if (slices.length === 0) return unavailable('EndpointsNotFound', `cannot find endpointslices for service/${name} in ${goQuote(namespace)}`);
  if (endpointsOf(slices, found.name ?? '').length === 0) {
    return unavailable(
      'MissingEndpoints',
      `endpoints for service/${name} in ${goQuote(namespace)} have no addresses with port name ${goQuote(found.name ?? '')}`,
    );
  }
  return undefined;
}

export const passed: Availability = { available: true, reason: 'Passed', message: 'all checks passed' };

export const failedDiscovery = (url: string, why: string): Availability => unavailable('FailedDiscoveryCheck', `failing or missing response from ${url}: ${why}`);

/** The service's status with this condition; undefined where it says so already. */
export function withAvailability(service: apiregistrationv1.APIService, { available, reason, message }: Availability, now: string): apiregistrationv1.APIService | undefined {
  const conditions = service.status?.conditions ?? [];
  const old = conditions.find(({ type }) => type === 'Available');
  const status = available ? 'True' : 'False';
  if (old?.status === status && old.reason === reason && old.message === message) return undefined;
  const lastTransitionTime = old?.status === status ? (old.lastTransitionTime ?? now) : now;
  return { ...service, status: { ...service.status, conditions: [...conditions.filter(({ type }) => type !== 'Available'), { type: 'Available', status, lastTransitionTime, reason, message }] } };
}
