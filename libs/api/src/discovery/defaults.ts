import type { discoveryv1 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { list } from '../support/list';
import { type Loose } from '../support/loose';

export function defaultEndpointSlice(slice: Loose<discoveryv1.EndpointSlice>): void {
  for (const port of list(slice.ports)) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
  for (const endpoint of list(slice.endpoints)) endpoint.conditions ??= {};
}

export const discoveryDefaults: Defaulters = { 'discovery.k8s.io/v1/EndpointSlice': defaulter(defaultEndpointSlice) };
