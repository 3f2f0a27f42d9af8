import type { apiextensionsv1 } from '../gen';
import { type Defaulters, defaulter } from '../defaulting/defaulter';
import { type Loose } from '../support/loose';

export function defaultCustomResourceDefinition(definition: Loose<apiextensionsv1.CustomResourceDefinition>): void {
  const spec = (definition.spec ??= {});
  const names = (spec.names ??= {});
  if (names.kind) {
    names.singular ||= names.kind.toLowerCase();
    names.listKind ||= `${names.kind}List`;
  }
  const conversion = (spec.conversion ??= { strategy: 'None' });
  const service = conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= 443;
}

export const apiextensionsDefaults: Defaulters = {
  'apiextensions.k8s.io/v1/CustomResourceDefinition': defaulter(defaultCustomResourceDefinition),
};
