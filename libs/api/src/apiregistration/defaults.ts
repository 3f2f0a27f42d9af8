import type { apiregistrationv1 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { type Loose } from '../support/loose';

export function defaultApiService(service: Loose<apiregistrationv1.APIService>): void {
  const spec = (service.spec ??= {});
  service.status ??= {};
  if (spec.service) spec.service.port ??= 443;
}

export const apiregistrationDefaults: Defaulters = { 'apiregistration.k8s.io/v1/APIService': defaulter(defaultApiService) };
