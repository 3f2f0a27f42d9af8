
/** Kinds that are on their way out, with what upstream says of them in a `Warning` header. By `<group>/<version>/<resource>`. */
const DEPRECATED: Readonly<Record<string, string>> = {
  '/v1/componentstatuses': 'v1 ComponentStatus is deprecated in v1.19+',
  '/v1/endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
};

interface Named {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export const isDeprecated = (named: Named): boolean => deprecationOf(named) !== undefined;

export function deprecationOf({ group, version, resource }: Named): string | undefined {
  return DEPRECATED[`${group}/${version}/${resource}`];
}
